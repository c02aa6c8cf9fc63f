"""Sharpness and noise measured in the image against what was done to it, and what blur does to the opacity found.

Each real scan without opacity is blurred, thickened and made noisier by a known amount; in none of these did anything
of the patient change. ``normal001`` and ``two_kernels_soft`` were looked at while constants were set, ``nlst`` and
``lidc_0001`` were not. Whole comparisons of scans with what was made of them follow: ``CTREVIEW_BENCH_ZERO`` says for
how many minutes any are begun (60), of 168 with all scans at hand.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import cc3d
import numpy as np

from ctreview.anatomy import find_lungs, find_vessels
from ctreview.image_quality import measure_noise, measure_spread
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.benchmarks.degraded_scans import blurred, noisier, thicker, with_gaps
from tests.benchmarks.zero_change import ZeroChange, reconstructions, zero_changes
from tests.opacity.one_scan import find_opacity
from tests.real_scans import DATA

Row = dict[str, Any]

HEALTHY = {"normal001": "normal001/dicom", "nlst": "nlst", "lidc_0001": "lidc_0001/dicom"}
NODULES_LPS = {"lidc_0001": (57.2, 85.5, -115.9)}
"""The middle of what is no false call: a nodule, in patient millimetres."""

NODULE_MM = 25.0
"""Within this distance of its middle lie the nodule and its blur."""


def run() -> list[Row]:
    """Rows of the real scans that are at hand."""
    rows: list[Row] = []
    for name, folder in HEALTHY.items():
        if (DATA / folder).is_dir():
            volume = load_volume(DATA / folder).canonical()
            rows += [*_spread(name, volume), *_noise(name, volume), *_falsely_called(name, volume)]
    until = time.time() + 60.0 * float(os.environ.get("CTREVIEW_BENCH_ZERO", "60"))
    return [*rows, *zero_change_rows([*reconstructions(), *zero_changes(until)])]


def _spread(name: str, volume: Volume) -> Iterator[Row]:
    """Measured standard deviations against those of the scan itself and of what was done, added as variances."""
    own = measure_spread(volume)
    for blur in (0.5, 0.8, 1.2):
        found, true = measure_spread(blurred(volume, blur)).in_plane_mm, float(np.hypot(own.in_plane_mm, blur))
        yield _against(f"{name}, blurred by {blur} mm: in-plane spread", found, true, 10, "mm")
    step = volume.geometry.spacing[0]
    for slices in (2, 3):
        if slices * step > 6.5:
            continue
        box = step * float(np.sqrt((slices**2 - 1) / 12))
        found, true = (
            measure_spread(thicker(volume, slices)).through_plane_mm,
            float(np.hypot(own.through_plane_mm, box)),
        )
        case = f"{name}, {slices * step:g} mm slices: spread through the plane"
        yield _against(case, found, true, 15, "mm")
    found = measure_spread(with_gaps(volume, 3)).through_plane_mm
    true = own.through_plane_mm
    yield _against(f"{name}, one slice of three: spread through the plane", found, true, 20, "mm")


def _noise(name: str, volume: Volume) -> Iterator[Row]:
    own = measure_noise(volume)
    for added in (10.0, 20.0):
        found = measure_noise(noisier(volume, added))
        if own is not None and found is not None:
            true = float(np.hypot(own.sd_hu, added))
            yield _against(f"{name}, {added:g} HU of noise added: noise", found.sd_hu, true, 10, "HU")


def _falsely_called(name: str, volume: Volume) -> Iterator[Row]:
    step = volume.geometry.spacing[0]
    cases: dict[str, Volume] = {"as it is": volume}
    cases |= {f"blurred by {blur} mm": blurred(volume, blur) for blur in (0.8, 1.2)}
    cases["blurred by 1.2 mm in 3-D"] = blurred(volume, 1.2, 1.2)
    cases |= {f"{n * step:g} mm slices": thicker(volume, n) for n in (2, 3) if n * step <= 6.5}
    for case, scan in cases.items():
        lungs = find_lungs(scan)
        found = find_opacity(scan, lungs, find_vessels(scan, lungs)).mask("ground_glass", "consolidation")
        if name in NODULES_LPS:
            places = np.argwhere(found)
            away = np.linalg.norm(scan.geometry.to_lps(places) - NODULES_LPS[name], axis=1)
            found[tuple(places[away < NODULE_MM].T)] = False
        share = float(100 * found.sum() / lungs.mask("right_lung", "left_lung").sum())
        sizes = np.bincount(cc3d.connected_components(found, connectivity=26).ravel())[1:]
        largest = float(sizes.max() * scan.geometry.voxel_ml) if len(sizes) else 0.0
        note = f"largest piece {largest:.1f} mL"
        outside = ", outside its nodule" if name in NODULES_LPS else ""
        yield _row(f"{name}, {case}: falsely called{outside}", share, "ours < 0.3", "% of lung", note)


def zero_change_rows(outcomes: Sequence[ZeroChange]) -> Iterator[Row]:
    """How often pairs without change are called a change, unchanged or nothing, mild ones and others; then each."""
    mild = [one for one in outcomes if one.mild]
    other = [one for one in outcomes if not one.mild]
    for name, members in (("mild", mild), ("other", other)):
        if not members:
            continue
        count = Counter(one.verdict for one in members)
        scans = len({one.scan for one in members})
        yield _row(
            f"{len(members)} {name} pairs without change, {scans} scans: called a change",
            float(sum(one.directed for one in members)),
            "ours <= 0",
            "",
            "in parts of the lungs: " + ("; ".join(part for one in members for part in one.directed_parts) or "none"),
        )
        reasons = Counter(reason for one in members for reason in one.stopped_by)
        for verdict in ("unchanged", "indeterminate", "not_interpretable"):
            yield _row(
                f"{len(members)} {name} pairs without change: {verdict.replace('_', ' ')}",
                100.0 * count[verdict] / len(members),
                "ours >= 80" if (name, verdict) == ("mild", "unchanged") else "",
                "%",
                ", ".join(f"{reason} {n}" for reason, n in reasons.most_common()) if "not" in verdict else "",
            )
    for one in outcomes:
        yield _row(one.case, one.followup_ml - one.baseline_ml, "", "mL", one.note)


def _against(case: str, found: float, true: float, percent: int, unit: str) -> Row:
    off = 100.0 * abs(found / true - 1.0)
    return _row(f"{case} off by", off, f"ours <= {percent}", "%", f"{found:.2f} of {true:.2f} {unit}")


def _row(case: str, ours: float, goal: str, unit: str, note: str = "") -> Row:
    return {
        "stage": "image quality",
        "case": case,
        "ours": float(ours),
        "goal": goal,
        "unit": unit,
        "note": note,
    }
