"""Lobes in real scans: two images of one acquisition, thick slices, two breaths, and what radiologists saw where.

Nobody drew lobes in these scans. What is measured is whether a result stays where the image changes and the patient
does not, and whether opacity lies in the lobes that three radiologists named.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy import LOBES, LobeMap, find_lobes, find_lungs, find_vessels
from ctreview.anatomy.lobes.carried import carry_fissure
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.surface import fit_surface
from ctreview.change import Timepoint
from ctreview.recipes.chest_ct import ChestCtSettings, prepare, segment
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.benchmarks.bench_lobes import dice_of, words_of
from tests.real_scans import DATA

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]

PAIRS = (("two_kernels", "b40f", "b70f"), ("two_kernels_soft", "body", "lung"))
THIN = ("normal001", "covid_p001", "nlst", "lidc_0001")

SEEN_ML = 0.5
"""Opacity of one lobe in one slice from which on it counts as seen there, fixed before anything was counted: a patch
about 18 mm wide in slices of 2 mm."""


def run() -> list[Row]:
    """Rows of real scans, where they are at hand."""
    if not DATA.is_dir():
        return []
    return [
        *_seen(),
        *_findings_of_readers(),
        *_carried_over(),
        *_between_reconstructions(),
        *_thick_slices(),
    ]


def _seen() -> Iterator[Row]:
    """How much of each fissure is seen, and the time that lobes take."""
    for folder in THIN:
        volume = load_volume(DATA / folder)
        lungs = find_lungs(volume)
        vessels = find_vessels(volume, lungs)
        begun = time.process_time()
        found = find_lobes(volume, lungs, vessels)
        seconds = time.process_time() - begun
        for name, fissure in found.fissures.items():
            yield {
                "stage": "seen",
                "case": f"{folder}: share of the {words_of(name)} fissure that is seen",
                "ours": 100 * fissure.share_seen,
                "unit": "%",
                "note": f"by chance {100 * fissure.by_chance:.0f} %; mean stated spread {fissure.deviation_mm:.1f} mm",
            }
        yield {
            "stage": "speed",
            "case": f"{folder}: lobes of one scan, lungs and vessels known",
            "ours": seconds,
            "unit": "s",
            "goal": "ours <= 5",
            "note": f"{'×'.join(map(str, volume.geometry.shape))}, CPU time",
        }


def _findings_of_readers() -> Iterator[Row]:
    """Agreement with three radiologists on which lobe shows infection in which slice."""
    folder = DATA / "covid_p001"
    point = segment(folder, settings=ChestCtSettings(lobes=True)).timepoint
    with (folder / "lobe_labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    seen = {lobe: [row[_short(lobe)] == "1" for row in rows] for lobe in LOBES}
    ours = {lobe: _ml_by_slice(point, lobe) >= SEEN_ML for lobe in LOBES}
    pooled = _kappa(np.concatenate([ours[lobe] for lobe in LOBES]), np.concatenate([seen[lobe] for lobe in LOBES]))
    note = f"{len(rows)} slices, five lobes; seen from {SEEN_ML:g} mL in a lobe and slice"
    yield {
        "stage": "readers",
        "case": "covid_p001: kappa of slices and lobes with infection, pooled",
        "ours": pooled,
        "unit": "",
        "goal": "ours >= 0.7",
        "note": note,
    }
    for lobe in LOBES:
        both, theirs = int(np.sum(ours[lobe] & seen[lobe])), int(np.sum(seen[lobe]))
        yield {
            "stage": "readers",
            "case": f"covid_p001: kappa of slices with infection, {words_of(lobe)}",
            "ours": _kappa(ours[lobe], np.array(seen[lobe])) if theirs else None,
            "unit": "",
            "note": f"readers {theirs} slices, ours {int(np.sum(ours[lobe]))}, both {both}",
        }


def _short(lobe: str) -> str:
    """How the readers' table calls a lobe: ``left_upper``."""
    return lobe.removesuffix("_lobe")


def _ml_by_slice(point: Timepoint, lobe: str) -> FloatArray:
    """Opacity of a lobe in each slice, from the head down."""
    assert point.parts is not None
    counted = point.opacity.counted_mask() & point.parts.mask(lobe)
    return np.asarray(counted.sum(axis=(1, 2))[::-1] * point.volume.geometry.voxel_ml)


def _kappa(one: Mask, other: npt.ArrayLike) -> float:
    """Cohen's kappa of two series of yes and no."""
    theirs = np.asarray(other, dtype=bool)
    agreed = float(np.mean(one == theirs))
    chance = float(one.mean() * theirs.mean() + (1 - one.mean()) * (1 - theirs.mean()))
    return (agreed - chance) / (1 - chance)


def _carried_over() -> Iterator[Row]:
    """How far a fissure that is carried over from the other scan lies off the one that is seen in a scan itself."""
    folder = DATA / "followup_pair"
    prepared = prepare(folder / "baseline.mha", folder / "followup.mha", settings=ChestCtSettings(lobes=True))
    transform = prepared.transform
    assert transform is not None
    maps = [find_lobes(scan.volume, scan.lungs, scan.vessels) for scan in prepared.pair.scans]
    for number, when, to_own in ((0, "baseline", transform.to_fixed), (1, "follow-up", transform.to_moving)):
        own, other = maps[number], maps[1 - number]
        for name, fissure in own.fissures.items():
            carried = carry_fissure(_unseen(fissure), other.fissures[name], to_own)
            at = fissure.position[fissure.seen & fissure.inside]
            off = np.abs(carried.surface.at(at)[0] - fissure.surface.at(at)[0]) / fissure.template_per_patient
            yield {
                "stage": "carried over",
                "case": f"followup_pair, {when}: {words_of(name)} fissure of the other scan beside the own one, mean",
                "ours": float(off.mean()) if len(off) else None,
                "unit": "mm",
                "note": f"where this scan shows it ({100 * fissure.share_seen:.0f} %); the other shows "
                f"{100 * other.fissures[name].share_seen:.0f} %",
            }


def _unseen(fissure: Fissure) -> Fissure:
    """The same fissure of which nothing was seen."""
    nothing, prior = np.zeros((0, 3)), fissure.surface.prior
    surface = fit_surface(prior, nothing, [])
    seen = np.zeros_like(fissure.seen)
    return replace(fissure, surface=surface, seen=seen, places=nothing, place_deviation=np.zeros(0))


def _lobes_of(volume: Volume, lungs: LabelMap | None = None) -> LobeMap:
    lungs = find_lungs(volume) if lungs is None else lungs
    return find_lobes(volume, lungs, find_vessels(volume, lungs))


def _between_reconstructions() -> Iterator[Row]:
    for folder, *kernels in PAIRS:
        maps = [_lobes_of(load_volume(DATA / folder / kernel)) for kernel in kernels]
        yield from _compared(f"{folder}, two reconstructions", maps[0], maps[1], 0.97)


def _thick_slices() -> Iterator[Row]:
    """Slices averaged to twice, three and four times their thickness, against the scan itself."""
    for folder in ("normal001", "nlst"):
        volume = load_volume(DATA / folder)
        fine = _lobes_of(volume)
        for count in (2, 3, 4):
            thick, grid = _averaged(volume, count)
            # the fine slices nearest to the middle of each thick one
            middle = replace(fine, array=fine.array[count // 2 :: count][: grid.shape[0]], geometry=grid)
            case = f"{folder}, averaged to {grid.spacing[0]:.0f} mm"
            yield from _compared(case, middle, _lobes_of(thick), 0.97)


def _averaged(volume: Volume, count: int) -> tuple[Volume, Geometry]:
    whole = volume.geometry.shape[0] // count
    array = volume.array[: whole * count].reshape(whole, count, *volume.geometry.shape[1:]).mean(axis=1)
    affine = np.array(volume.geometry.affine)
    affine[:3, 3] = volume.geometry.to_lps([(count - 1) / 2, 0, 0])
    affine[:3, 0] *= count
    grid = replace(volume.geometry, shape=array.shape, affine=affine)
    return replace(volume, array=np.rint(array).astype(np.int16), geometry=grid, unmeasured=None), grid


def _compared(case: str, one: LobeMap, other: LobeMap, least: float) -> Iterator[Row]:
    stopped = _stopped(one, other)
    for lobe in LOBES:
        told = lobe in stopped
        yield {
            "stage": "same patient",
            "case": f"{case}: Dice of the {words_of(lobe)}",
            "ours": dice_of(one.mask(lobe), other.mask(lobe)),
            "unit": "",
            "goal": "" if told else f"ours >= {least:g}",
            "note": "not interpretable" if told else "",
        }


def _stopped(*maps: LobeMap) -> set[str]:
    """Lobes whose border is not known well enough in one of some maps."""
    return {lobe for one in maps for check in one.checks if check.stops for lobe in check.regions}
