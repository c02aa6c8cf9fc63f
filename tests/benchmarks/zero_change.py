"""Each real scan against itself made worse in a known way: the change is zero, and any direction is wrong.

**Mild** is what two scans by one protocol may differ by: then most must be called unchanged. What else was done to the
image may be abstained from, but never called a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from ctreview.change import judge
from ctreview.image_quality import measure_noise
from ctreview.recipes.chest_ct import compare, pair
from ctreview.recipes.chest_ct.scan import ScanAnalysis
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.benchmarks.degraded_scans import (
    averaged,
    blurred,
    cut,
    moved_by_voxels,
    noisier,
    resampled,
    shifted,
    with_gaps,
)
from tests.real_scans import DATA, thinned_out

SCANS = {
    "normal001": "normal001/dicom",
    "nlst": "nlst",
    "lidc_0001": "lidc_0001/dicom",
    "covid_p001": "covid_p001/dicom",
    "lidc_0314": "lidc_0314",
    "followup_pair, baseline": "followup_pair/baseline.mha",
    "followup_pair, follow-up": "followup_pair/followup.mha",
}
RECONSTRUCTIONS = ("two_kernels", "two_kernels_soft")
"""One acquisition each, reconstructed twice."""
IMAGE = (
    "sharpness",
    "resolution",
    "noise",
    "slice_gap",
    "slice_thickness",
    "air_around_the_body",
    "hu_of_air_in_the_trachea",
    "lung_volume_ratio",
)
DIRECTIONS = ("increased", "decreased")


@dataclass(frozen=True)
class Worsening:
    """What is done to a scan.

    Attributes
    ----------
    words : str
    make : callable
    mild : bool
    """

    words: str
    make: Callable[[Volume], Volume]
    mild: bool = False


def _noisier(factor: float) -> Callable[[Volume], Volume]:
    def make(volume: Volume) -> Volume:
        own = measure_noise(volume)
        return noisier(volume, (20.0 if own is None else own.sd_hu) * float(np.sqrt(factor**2 - 1)))

    return make


def _averaged(thickness_mm: float) -> Callable[[Volume], Volume]:
    return lambda volume: averaged(volume, max(thickness_mm, 1.2 * volume.geometry.spacing[0]))


WORSENINGS = (
    Worsening("blurred by 0.5 mm in the plane", lambda volume: blurred(volume, 0.5), mild=True),
    Worsening("noise × 1.3", _noisier(1.3), mild=True),
    Worsening("3 mm slices", _averaged(3.0), mild=True),
    Worsening("moved by 0.4 voxels", lambda volume: moved_by_voxels(volume, 0.4), mild=True),
    Worsening("pixels 1.2 times as wide", lambda volume: resampled(volume, 1.2), mild=True),
    Worsening("blurred by 1.2 mm in the plane", lambda volume: blurred(volume, 1.2)),
    Worsening("5 mm slices", _averaged(5.0)),
    Worsening("noise × 2", _noisier(2.0)),
    Worsening("one slice of two", lambda volume: with_gaps(volume, 2)),
    Worsening("blurred by 0.3 mm in the plane", lambda volume: blurred(volume, 0.3), mild=True),
    Worsening("blurred by 0.5 mm along z", lambda volume: blurred(volume, 0.0, 0.5), mild=True),
    Worsening("noise × 1.15", _noisier(1.15), mild=True),
    Worsening("shifted by 3 mm", lambda volume: shifted(volume, 3.0), mild=True),
    Worsening("blurred by 0.8 mm in the plane", lambda volume: blurred(volume, 0.8)),
    Worsening("blurred by 1.5 mm in the plane", lambda volume: blurred(volume, 1.5)),
    Worsening("blurred by 1.5 mm along z", lambda volume: blurred(volume, 0.0, 1.5)),
    Worsening("blurred by 0.8 mm in all directions", lambda volume: blurred(volume, 0.8, 0.8)),
    Worsening("4 mm slices", _averaged(4.0)),
    Worsening("6 mm slices", _averaged(6.0)),
    Worsening("one slice of three", lambda volume: with_gaps(volume, 3)),
    Worsening("without its margins", lambda volume: cut(volume, 0.0, 0.04)),
    Worsening("without its lowest fifth", lambda volume: cut(volume, 0.2)),
)


@dataclass(frozen=True)
class ZeroChange:
    """What a pair without change was called.

    Attributes
    ----------
    scan, worsening : str
    mild : bool
    verdict : str
    baseline_ml, followup_ml, low, high : float
        Opacity of both, and the interval of its change.
    widest : str
        What makes the interval wide.
    stopped_by, widened_by : tuple of str
        Checks.
    directed_parts : int
        How many parts of the lungs, and the whole, were given a direction.
    unstopped : str
        The verdict if no check stopped.
    image : mapping of str to float
        How far both images differ, by the checks that compare them.
    """

    scan: str
    worsening: str
    mild: bool
    verdict: str
    baseline_ml: float
    followup_ml: float
    low: float
    high: float
    widest: str
    stopped_by: tuple[str, ...]
    widened_by: tuple[str, ...]
    directed_parts: int
    unstopped: str
    image: Mapping[str, float]

    @property
    def directed(self) -> bool:
        return self.verdict in DIRECTIONS

    @property
    def note(self) -> str:
        """The numbers, and why there is no verdict."""
        reason = f" ({', '.join(self.stopped_by)})" if self.stopped_by else ""
        return (
            f"{self.scan}, {self.worsening}: {self.verdict}{reason}, {self.baseline_ml:.0f} → {self.followup_ml:.0f} "
            f"mL, {self.low:.0f} to {self.high:.0f}"
        )


def zero_changes(
    scans: Iterable[str] = tuple(SCANS), worsenings: Iterable[Worsening] = WORSENINGS
) -> Iterator[ZeroChange]:
    """Compare every scan at hand with each worsening of itself."""
    for scan in scans:
        path = DATA / SCANS[scan]
        if not path.exists():
            continue
        volume = replace(load_volume(path).canonical(), unmeasured=None)
        own = _coarser(volume)
        with _analysed_once(own):
            for worsening in worsenings:
                yield judged(scan, worsening, own, _coarser(worsening.make(volume)))


def reconstructions() -> Iterator[ZeroChange]:
    """Compare both reconstructions of each acquisition at hand."""
    for name in RECONSTRUCTIONS:
        folders = sorted(path for path in (DATA / name).iterdir() if path.is_dir()) if (DATA / name).is_dir() else []
        if len(folders) == 2:
            one, other = (load_volume(path).canonical() for path in folders)
            words = f"reconstructed as {folders[0].name} and as {folders[1].name}"
            yield judged(name, Worsening(words, lambda volume: volume), one, other)


def judged(scan: str, worsening: Worsening, own: Volume, worse: Volume) -> ZeroChange:
    """Compare a scan with what was made of it."""
    found = compare(own, worse, threads=1)
    whole = found["lungs"]
    change = whole.change["opacity_ml"]
    assert change is not None
    return ZeroChange(
        scan,
        worsening.words,
        worsening.mild,
        found.verdict,
        whole.baseline.opacity_ml,
        whole.followup.opacity_ml,
        change.low,
        change.high,
        change.dominant,
        tuple(check.name for check in found.checks if check.stops),
        tuple(check.name for check in found.checks if check.widens),
        sum(one.verdict in DIRECTIONS for one in found.regions),
        judge(change, whole.baseline, whole.followup),
        {check.name: float(check.value) for check in found.checks if check.name in IMAGE and check.value is not None},
    )


def _coarser(volume: Volume) -> Volume:
    """Every second pixel of large images, as they are: less to compute, and no sharper or smoother."""
    return thinned_out(volume, 2) if min(volume.geometry.shape[1:]) > 300 else volume


@contextmanager
def _analysed_once(own: Volume) -> Iterator[None]:
    """The scan as it is is analysed once, not anew beside each of its worsenings."""
    known: dict[float | None, ScanAnalysis] = {}
    analyse = pair.analyse_scan

    def remembered(volume: Volume, age: float | None, **others: Any) -> ScanAnalysis:
        if volume is not own:
            return analyse(volume, age, **others)
        if age not in known:
            known[age] = analyse(volume, age, **others)
        return known[age]

    with patch.object(pair, "analyse_scan", remembered):
        yield
