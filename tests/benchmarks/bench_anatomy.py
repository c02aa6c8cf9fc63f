"""Lungs and vessels against experts and known truth, beside a threshold and its largest components.

The peer is what one writes first: everything below −320 HU that does not reach the border of its slice, the two
largest pieces, holes filled. On a field of view around a single lung, which
the lung itself reaches, it is given all air and takes the piece that agrees best with the experts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import cc3d
import fill_voids
import numpy as np
import numpy.typing as npt

from ctreview.anatomy import divide_lungs, find_lungs, find_vessels
from ctreview.errors import SegmentationFailed
from ctreview.phantom import Lesion, Phantom, phantom_child, small_thorax
from ctreview.phantom.hybrid import make_hybrid
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.resample import resample
from ctreview.volume.volume import Volume
from tests.real_scans import DATA, healthy_host

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]

BORDER_HU = -320
PLANTED = {
    "basal consolidation at the chest wall": (Lesion("consolidation", "right_lung", "basal", 250.0, seed=3),),
    "dorsal consolidation at the chest wall": (Lesion("consolidation", "left_lung", "dorsal", 200.0, seed=4),),
    "effusion at the chest wall": (Lesion("effusion", "right_lung", "dorsal", 250.0, roughness_mm=2.0, seed=5),),
    "consolidation and effusion": (
        Lesion("effusion", "right_lung", "dorsal", 200.0, roughness_mm=2.0, seed=6),
        Lesion("consolidation", "left_lung", "basal", 200.0, seed=7),
    ),
}
"""What is put into a real scan; the goal for each is a Dice of 0.97 over both lungs."""


def threshold(volume: Volume) -> Mask:
    """The peer on a scan of the whole chest."""
    inside = np.zeros(volume.array.shape, dtype=bool)
    for level, plane in enumerate(volume.array):
        labels = cc3d.connected_components(plane < BORDER_HU, connectivity=4)
        rim = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
        outside = np.zeros(int(labels.max()) + 1, dtype=bool)
        outside[rim] = outside[0] = True
        inside[level] = ~outside[labels]
    return np.asarray(fill_voids.fill(cc3d.largest_k(inside, k=2, connectivity=6) > 0))


def threshold_of_one(volume: Volume, expert: Mask) -> Mask:
    """The peer on a scan of one lung."""
    labels, count = cc3d.largest_k(volume.array < BORDER_HU, k=3, connectivity=6, return_N=True)
    pieces = (fill_voids.fill(labels == number) for number in range(1, count + 1))
    return np.asarray(max(pieces, key=lambda piece: dice(piece, expert)))


def dice(a: Mask, b: Mask) -> float:
    """Overlap: 1 where two masks are the same."""
    return float(2 * np.count_nonzero(a & b) / max(1, np.count_nonzero(a) + np.count_nonzero(b)))


def run() -> list[Row]:
    """Rows of the bench's table."""
    return [*_experts(), *_hybrids(), *_phantoms(), *_refused(), *_speed()]


def both(lungs: LabelMap) -> Mask:
    """Right and left lung together."""
    return lungs.mask("right_lung", "left_lung")


def _row(case: str, ours: float, peer: float | None, goal: str, *, unit: str = "Dice", note: str = "") -> Row:
    stage = "vessels" if case.startswith("vessels") else "lungs"
    row = {"stage": stage, "case": case, "ours": ours, "goal": goal, "unit": unit, "note": note}
    if peer is not None:
        row |= {"peer": peer, "peer_name": "threshold and largest pieces"}
    return row


def _experts() -> Iterator[Row]:
    for name in ("baseline", "followup"):
        path = DATA / "followup_pair" / f"{name}.mha"
        if path.exists():
            volume = load_volume(path)
            expert = load_volume(path.with_name(f"{name}_lung.mha")).array > 0
            ours, peer = both(find_lungs(volume)), threshold_of_one(volume, expert)
            yield _row(f"followup_pair {name}", dice(ours, expert), dice(peer, expert), "ours >= 0.99")


def _hybrids() -> Iterator[Row]:
    host = healthy_host()
    if host is None:
        return
    note = "planted into normal001; truth is our mask of the unplanted scan, without the effusion"
    for case, lesions in PLANTED.items():
        hybrid = make_hybrid(host, lesions)
        truth = both(hybrid.lungs)
        alone, peer = both(find_lungs(hybrid.volume)), threshold(hybrid.volume)
        yield _row(f"normal001, {case}", dice(alone, truth), dice(peer, truth), "ours >= 0.97", note=note)
        helped = both(find_lungs(hybrid.volume, prior=host.lungs))
        yield _row(
            f"normal001, {case}, with the other timepoint",
            dice(helped, truth),
            dice(peer, truth),
            "ours >= 0.97",
            note=f"{note}; prior is the mask of the unplanted scan",
        )


def _phantoms() -> Iterator[Row]:
    before, _ = phantom_child()
    yield from _phantom("phantom child", before)
    yield from _phantom("phantom adult, 2 mm", small_thorax(spacing_mm=2.0))


def _phantom(case: str, phantom: Phantom) -> Iterator[Row]:
    lungs = find_lungs(phantom.volume)
    peer = threshold(phantom.volume)
    for key in ("right_lung", "left_lung"):
        ours = dice(lungs.mask(key), phantom.lungs.mask(key))
        yield _row(f"{case}: {key.replace('_', ' ')}", ours, None, "ours >= 0.98")
    yield _row(f"{case}: both", dice(both(lungs), both(phantom.lungs)), dice(peer, both(phantom.lungs)), "")
    vessels = find_vessels(phantom.volume, phantom.lungs).mask()
    dense = phantom.vessels.mask() & both(phantom.lungs) & (phantom.volume.array > -400)
    found = np.count_nonzero(vessels & dense) / np.count_nonzero(dense)
    yield _row(f"vessels of the {case}: found", found, None, "ours >= 0.90", unit="share", note="voxels above −400 HU")
    opaque = phantom.opacity.mask() & ~phantom.vessels.mask()
    if opaque.any():
        lost = np.count_nonzero(vessels & opaque) / np.count_nonzero(opaque)
        yield _row(f"vessels of the {case}: opacity taken for vessel", lost, None, "ours <= 0.05", unit="share")


def _refused() -> Iterator[Row]:
    """A head has air in it, and no lung."""
    folder = DATA / "odd_series" / "gantrytilting" / "001"
    if not folder.exists():
        return
    try:
        volume = load_volume(folder)
        ml = find_lungs(volume).volume_ml("right_lung", "left_lung")
    except SegmentationFailed:
        ml = 0.0
    yield _row("odd_series/gantrytilting: lung found", ml, None, "ours <= 0", unit="mL", note="no thorax")


def _speed() -> Iterator[Row]:
    folder = DATA / "normal001" / "dicom"
    if not folder.exists():
        return
    volume = load_volume(folder)
    find_vessels(volume, find_lungs(volume))  # warm
    took: dict[str, dict[str, float]] = {}
    sizes = {"a quarter": (150, 256, 512), "half": (150, 512, 512), "512×512×300": (300, 512, 512)}
    for name, shape in sizes.items():
        grid = volume.geometry
        spacing = [s * n / m for s, n, m in zip(grid.spacing, grid.shape, shape, strict=True)]
        took[name] = _clocked(resample(volume, grid.resized(spacing)))
    goals = {"lungs": "ours <= 6", "vessels": "ours <= 6", "regions": ""}
    full, half = took["512×512×300"], took["half"]
    for stage, goal in goals.items():
        peer = full["threshold"] if stage == "lungs" else None
        yield _row(f"{stage}, 512×512×300, warm", full[stage], peer, goal, unit="s")
        if stage != "regions":
            growth = np.log2(full[stage] / half[stage])
            note = f"{took['a quarter'][stage]:.1f}, {half[stage]:.1f}, {full[stage]:.1f} s for a quarter, half and all"
            case = f"{stage}: cost grows with voxels to the power of"
            yield _row(case, float(growth), None, "ours <= 1.1", unit="", note=note)


def _clocked(volume: Volume) -> dict[str, float]:
    """Seconds of each function."""
    times = [time.perf_counter()]
    lungs = find_lungs(volume)
    times.append(time.perf_counter())
    find_vessels(volume, lungs)
    times.append(time.perf_counter())
    divide_lungs(lungs)
    times.append(time.perf_counter())
    threshold(volume)
    times.append(time.perf_counter())
    return dict(zip(("lungs", "vessels", "regions", "threshold"), np.diff(times), strict=True))
