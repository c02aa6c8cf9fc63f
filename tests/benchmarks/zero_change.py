"""Each real scan against itself made worse in a known way: the change is zero, and any direction is wrong.

**Mild** is what two scans by one protocol may differ by: then most must be called unchanged. What else was done to the
image may be abstained from, but never called a change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Any
from unittest.mock import patch

import numpy as np

from ctreview.change import RegionChange, judge
from ctreview.image_quality import measure_noise
from ctreview.recipes.chest_ct import compare, pair
from ctreview.recipes.chest_ct.scan import ScanAnalysis
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.registration import MatchingStage, RegistrationSettings
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
NEAR = RegistrationSettings(
    affine_stages=(MatchingStage(3.0, 6.0, 6.0, 600, 0.62, 1.4, neighbours_mm=30.0),),
    stages=(MatchingStage(2.5, 5.0, 6.0, 1000, 0.4, 1.0, neighbours_mm=15.0, width_mm=12.0, both_ways=True),),
)
"""Matches are looked for near by, for nobody moved: a third of the time, and nothing that is asked here rests on it."""

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
    Worsening("shifted by 3 mm, with 2 HU of noise", lambda volume: shifted(noisier(volume, 2.0), 3.0), mild=True),
    Worsening("blurred by 0.8 mm in the plane", lambda volume: blurred(volume, 0.8)),
    Worsening("blurred by 1.5 mm in the plane", lambda volume: blurred(volume, 1.5)),
    Worsening("blurred by 1.5 mm along z", lambda volume: blurred(volume, 0.0, 1.5)),
    Worsening("blurred by 0.8 mm in all directions", lambda volume: blurred(volume, 0.8, 0.8)),
    Worsening("4 mm slices", _averaged(4.0)),
    Worsening("6 mm slices", _averaged(6.0)),
    Worsening("one slice of three", lambda volume: with_gaps(volume, 3)),
    Worsening("noise × 6", _noisier(6.0)),
    Worsening("read 20 HU too high", lambda volume: volume.with_array(volume.array + np.int16(20))),
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
    directed_parts : tuple of str
        The parts that were given a direction, with their numbers.
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
    directed_parts: tuple[str, ...]
    unstopped: str
    image: Mapping[str, float]

    @property
    def directed(self) -> bool:
        return self.verdict in DIRECTIONS

    @property
    def case(self) -> str:
        """Which pair."""
        itself = "" if self.scan in RECONSTRUCTIONS else " and itself"
        return f"{self.scan}{itself}, {self.worsening}: change"

    @property
    def note(self) -> str:
        """The verdict, why there is none, and the numbers."""
        reason = f" ({', '.join(self.stopped_by)}; else {self.unstopped})" if self.stopped_by else ""
        return (
            f"{self.verdict.replace('_', ' ')}{reason}: {self.baseline_ml:.0f} → {self.followup_ml:.0f} mL, "
            f"{self.low:.0f} to {self.high:.0f}"
        )


def zero_changes(until: float = inf) -> Iterator[ZeroChange]:
    """Compare scans with worsenings of themselves; none is begun later than ``until``, in seconds since the epoch.

    The first round has one worsening of each scan, the next another one, so that a run that ends early has seen all
    scans and most worsenings.
    """
    there = [scan for scan in SCANS if (DATA / SCANS[scan]).exists()]
    for turn in range(len(WORSENINGS)):
        for number, scan in enumerate(there):
            if time.time() > until:
                return
            # steps that share no divisor with the number of worsenings reach all of them
            worsening = WORSENINGS[(5 * turn + 3 * number) % len(WORSENINGS)]
            if (found := against_itself(scan, worsening)) is not None:
                yield found


def against_itself(scan: str, worsening: Worsening) -> ZeroChange | None:
    """Compare a scan with what was made of it; None where that is the same, as 3 mm slices of a scan of 5 mm are."""
    whole, own = _loaded(scan)
    worse = _coarser(worsening.make(whole))
    if worse.digest == own.digest:
        return None
    with _analysed_once(own):
        return judged(scan, worsening, own, worse)


@cache
def _loaded(scan: str) -> tuple[Volume, Volume]:
    """The scan as it is, and as it is compared."""
    whole = replace(load_volume(DATA / SCANS[scan]).canonical(), unmeasured=None)
    return whole, _coarser(whole)


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
    found = compare(own, worse, settings=ChestCtSettings(registration=NEAR, lobes=False), threads=1)
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
        tuple(_told(one) for one in found.regions if one.verdict in DIRECTIONS),
        judge(change, whole.baseline, whole.followup),
        {check.name: float(check.value) for check in found.checks if check.name in IMAGE and check.value is not None},
    )


def _told(part: RegionChange) -> str:
    change = part.change["opacity_ml"]
    assert change is not None
    before, after = part.baseline.opacity_ml, part.followup.opacity_ml
    return f"{part.region} {before:.1f} → {after:.1f} mL ({change.low:.1f} to {change.high:.1f})"


ANALYSED: dict[tuple[int, float | None], ScanAnalysis] = {}
"""Scans as they are, by the image (which `_loaded` keeps) and the age."""


def _coarser(volume: Volume) -> Volume:
    """Every second pixel of large images, as they are: less to compute, and no sharper or smoother."""
    return thinned_out(volume, 2) if min(volume.geometry.shape[1:]) > 300 else volume


@contextmanager
def _analysed_once(own: Volume) -> Iterator[None]:
    """The scan as it is is analysed once, not anew beside each of its worsenings."""
    analyse = pair.analyse_scan

    def remembered(volume: Volume, age: float | None, **others: Any) -> ScanAnalysis:
        if volume is not own:
            return analyse(volume, age, **others)
        if (id(own), age) not in ANALYSED:
            ANALYSED[id(own), age] = analyse(volume, age, **others)
        return ANALYSED[id(own), age]

    with patch.object(pair, "analyse_scan", remembered):
        yield
