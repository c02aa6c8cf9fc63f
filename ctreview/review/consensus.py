"""A consensus of two readings: where they differ, each difference decided once, and a third reading made from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.change.pieces import place_name
from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.review.readings import find_reading
from ctreview.review.replay import CorrectedScan, replay_study
from ctreview.study import Reading, Study
from ctreview.tools.decide import DECIDE
from ctreview.tools.packed_mask import PackedMask
from ctreview.volume.box import Box

__all__ = [
    "SIDES",
    "ReadingDifference",
    "Side",
    "acts_of_decision",
    "differences_of",
    "make_consensus",
    "read_differences",
]

Side = Literal["first", "second", "neither"]
"""Whose labels stand where two readings differ; with neither's, nothing is labelled there."""

SIDES: tuple[Side, ...] = get_args(Side)

LEAST_ML = 0.1
"""Smaller differences are not asked about, and are decided for the first reading: a rim of some voxels."""


@dataclass(frozen=True, eq=False)
class ReadingDifference:
    """A connected piece of one scan that two readings label otherwise.

    Attributes
    ----------
    number : int
        From 1, the largest first; decisions name it.
    timepoint : int
    ml : float
    region : str
        Where most of it lies.
    first_ml, second_ml : mapping of str to float
        What either reading has there, by label; empty where nothing.
    point : tuple of float
        A voxel in it, LPS millimetres.
    box, where : Box, ndarray of bool
        Its voxels.
    """

    number: int
    timepoint: int
    ml: float
    region: str
    first_ml: Mapping[str, float]
    second_ml: Mapping[str, float]
    point: tuple[float, float, float]
    box: Box = field(repr=False)
    where: npt.NDArray[np.bool_] = field(repr=False)


def read_differences(
    study: Study, first: str, second: str, *, progress: Progress = quiet
) -> tuple[tuple[CorrectedScan, ...], tuple[CorrectedScan, ...], tuple[ReadingDifference, ...]]:
    """Replay two readings of a study and find where they differ.

    Parameters
    ----------
    study : Study
    first, second : str
        Readers, by name or by name and version (`readings.find_reading`).

    Returns
    -------
    tuple
        The scans as either reader left them, and the differences.
    """
    readings = tuple(find_reading(study, name) for name in (first, second))
    if readings[0].folder == readings[1].folder:
        raise WrongUse("both sides are one and the same reading", where=readings[0].folder, remedy="Name two readers.")
    both = replay_study(study, readings, progress=progress)
    return both[0::2], both[1::2], differences_of(both[0::2], both[1::2])


def differences_of(first: Sequence[CorrectedScan], second: Sequence[CorrectedScan]) -> tuple[ReadingDifference, ...]:
    """Where two readings of the same scans label opacity otherwise: connected pieces (26 neighbours), largest first.

    Pieces below 0.1 mL are left out.
    """
    found = [one for pair in zip(first, second, strict=True) for one in _of_scan(*pair)]
    found.sort(key=lambda one: -one.ml)
    return tuple(replace(one, number=number) for number, one in enumerate(found, start=1))


def make_consensus(
    study: Study,
    first: str,
    second: str,
    decisions: Mapping[int, Side],
    *,
    author: str,
    rest: Side | None = None,
    progress: Progress = quiet,
) -> Reading:
    """Make a reading from two, with each of their differences decided once.

    It begins as the first one's acts; each difference then is an act of ``author`` that holds what was decided. It is
    a draft like any other, to be opened, corrected and signed. Findings, key images and grades are not taken over.

    Parameters
    ----------
    study : Study
    first, second : str
    decisions : mapping of int to {"first", "second", "neither"}
        By the number of the difference.
    author : str
        Who decided; the reading gets this name.
    rest : {"first", "second", "neither"}, optional
        For all that ``decisions`` does not name.

    Raises
    ------
    WrongUse
        A difference is not decided, one that does not exist is, or ``author`` has a reading here already.
    """
    start = find_reading(study, first)
    one, other, found = read_differences(study, first, second, progress=progress)
    decided = {number: decisions.get(number, rest) for number in (difference.number for difference in found)}
    unknown = sorted(set(decisions) - set(decided))
    undecided = sorted(number for number, side in decided.items() if side is None)
    if unknown or undecided:
        what = (
            f"not decided: {_numbers(undecided)}" if undecided else f"no difference has the number {_numbers(unknown)}"
        )
        raise WrongUse(what, where=study.folder, remedy="Decide each difference once, or say whose the rest is.")
    made = study.reading(author)
    if made.holds_work:
        raise WrongUse(f"{author!r} has a reading here already", where=made.folder, remedy="Name another author.")
    scans = {scan.number: (scan, later) for scan, later in zip(one, other, strict=True)}
    with study.writing():
        for edit in start.edits():
            made.record(edit)
        for difference in found:
            side = decided[difference.number]
            assert side is not None
            for act in acts_of_decision(difference, side, scans[difference.timepoint]):
                scan = scans[difference.timepoint][0].timepoint.volume
                made.record(Edit(DECIDE, OPACITY, act, author, scan.digest, scan.geometry))
    return made


def _of_scan(first: CorrectedScan, second: CorrectedScan) -> list[ReadingDifference]:
    """The differences in one scan, not yet numbered."""
    one, other = first.opacity, second.opacity
    pieces = cc3d.connected_components((one.array != other.array).astype(np.uint8), connectivity=26)
    boxes = cc3d.statistics(pieces)["bounding_boxes"]
    geometry = first.timepoint.volume.geometry
    found: list[ReadingDifference] = []
    for value, box in enumerate(boxes[1:], start=1):
        where = np.asarray(pieces[box] == value)
        ml = float(np.count_nonzero(where)) * geometry.voxel_ml
        if ml < LEAST_ML:
            continue
        index = np.argwhere(where) + [side.start for side in box]
        middle = index[np.argmin(((index - index.mean(axis=0)) ** 2).sum(axis=1))]
        x, y, z = (round(float(mm), 1) for mm in geometry.to_lps(middle))
        found.append(
            ReadingDifference(
                number=0,
                timepoint=first.number,
                ml=ml,
                region=place_name(first.timepoint.regions, index),
                first_ml=_labels(first, box, where),
                second_ml=_labels(second, box, where),
                point=(x, y, z),
                box=box,
                where=where,
            )
        )
    return found


def _labels(scan: CorrectedScan, box: Box, where: npt.NDArray[np.bool_]) -> dict[str, float]:
    values = scan.opacity.array[box][where]
    voxel_ml = scan.timepoint.volume.geometry.voxel_ml
    counts = {label.key: int(np.count_nonzero(values == label.value)) for label in scan.opacity.scheme}
    return {key: count * voxel_ml for key, count in counts.items() if count}


def acts_of_decision(
    difference: ReadingDifference, side: Side, scans: tuple[CorrectedScan, CorrectedScan]
) -> list[dict[str, Any]]:
    """The payloads of the acts that hold what was decided: one for each label there, and one for where there is none.

    Parameters
    ----------
    difference : ReadingDifference
    side : {"first", "second", "neither"}
    scans : tuple of CorrectedScan
        As either reader left the scan that it lies in.
    """
    if side == "neither":
        return [_payload(None, difference.box, difference.where)]
    opacity = scans[SIDES.index(side)].opacity
    values = opacity.array[difference.box]
    kinds: list[tuple[str | None, int]] = [(None, 0), *((label.key, label.value) for label in opacity.scheme)]
    there = [(label, difference.where & (values == value)) for label, value in kinds]
    return [_payload(label, difference.box, mask) for label, mask in there if mask.any()]


def _payload(label: str | None, box: Box, where: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {"label": label, "mask": PackedMask.of(box, where).to_json()}


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
