"""Pictures of muscle examinations at matched levels: outlines, fat fraction, and how bright STIR is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measures import FAT_FRACTIONS, MuscleMeasures
from ctreview.report.figures import Outline, SlicePicture, Window, outlines, picture
from ctreview.report.planes import Cut, FieldOfView, plane_through
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["LevelPicture", "MeasuredMuscle", "level_pictures"]

LEVELS = 5
MARGIN_MM = 16.0

FAT_WINDOW, Z_WINDOW = Window(0.25, 0.5), Window(3.0, 6.0)
"""Fat fraction from 0 to 50 %, robust z from 0 to 6."""


class MeasuredMuscle(Protocol):
    """What the page needs of an examination; the recipe's ``MuscleMriResult`` has it."""

    @property
    def image(self) -> Volume:
        """The image that tissue was told by."""

    @property
    def labels(self) -> LabelMap:
        """The tissues."""

    @property
    def maps(self) -> tuple[TissueMap, ...]:
        """On the image's grid."""

    @property
    def groups(self) -> LabelMap | None:
        """What a reader drew."""

    @property
    def found(self) -> MuscleMeasures:
        """The numbers."""


@dataclass(frozen=True)
class LevelPicture:
    """One examination at one level.

    Attributes
    ----------
    when : str
        Baseline or follow-up, in words.
    place : str
        The slice from above, and how many there are.
    picture : SlicePicture
    outlines : tuple of Outline
    maps : tuple of (str, SlicePicture)
        Each with the name of what it shows.
    groups : tuple of Outline
        Of what a reader drew.
    """

    when: str
    place: str
    picture: SlicePicture
    outlines: tuple[Outline, ...]
    maps: tuple[tuple[str, SlicePicture], ...]
    groups: tuple[Outline, ...] = ()


def level_pictures(
    scans: Sequence[MeasuredMuscle],
    names: Sequence[str],
    shared: Sequence[Mapping[str, Any]],
    map_words: Mapping[str, str],
) -> list[list[LevelPicture]]:
    """The same levels in each examination, from the head down.

    Parameters
    ----------
    scans : sequence of MeasuredMuscle
    names : sequence of str
        What each is called.
    shared : sequence of mapping
        ``shared`` of ``muscle_change.json``: by it levels are matched; without it each shows levels of its own.
    map_words : mapping of str to str
        Names of the maps "fat" and "stir_robust_z".
    """
    boxes = [_limb_box(scan.labels) for scan in scans]
    heights = _heights(boxes, shared)
    field = FieldOfView(*(max(float(box[1][axis] - box[0][axis]) + MARGIN_MM for box in boxes) for axis in (0, 1)))
    windows = [_window(scan) for scan in scans]
    found = []
    for share in np.linspace(0.9, 0.1, LEVELS):
        row = []
        for number, scan in enumerate(scans):
            low, high = heights[number]
            centre = (boxes[number][0] + boxes[number][1]) / 2
            centre[2] = low + share * (high - low)
            row.append(_level(scan, names[number], centre, field, windows[number], map_words))
        found.append(row)
    return found


def _heights(
    boxes: Sequence[tuple[FloatArray, FloatArray]], shared: Sequence[Mapping[str, Any]]
) -> list[tuple[float, float]]:
    """Between which LPS z levels are shown in each examination: the middle of what the limbs share."""
    if not shared or len(boxes) < 2:
        return [(float(low[2]), float(high[2])) for low, high in boxes]
    ends = [np.mean([part[when] for part in shared], axis=0) for when in ("baseline_mm", "followup_mm")]
    return [(float(low), float(high)) for low, high in ends]


def _level(
    scan: MeasuredMuscle,
    when: str,
    centre: FloatArray,
    field: FieldOfView,
    window: Window,
    map_words: Mapping[str, str],
) -> LevelPicture:
    grid = scan.labels.geometry
    middle = np.rint(grid.to_index(centre))[0]
    centre[2] = grid.to_lps((middle, *grid.to_index(centre)[1:]))[2]
    cut = Cut(grid, plane_through("axial", centre, field, grid, finest_mm=0.9))
    maps = []
    for one in scan.maps:
        if one.kind in FAT_FRACTIONS:
            maps.append((map_words["fat"], picture(one.volume, cut, window=FAT_WINDOW)))
        elif one.kind == "stir_robust_z":
            inside = one.volume.with_array(np.where(one.valid, one.array, np.float32(0)))
            maps.append((map_words["stir_robust_z"], picture(inside, cut, window=Z_WINDOW)))
    place = f"{int(np.clip(grid.shape[0] - middle, 1, grid.shape[0]))} / {grid.shape[0]}"
    drawn = () if scan.groups is None else outlines(scan.groups, cut)
    shown = picture(scan.image, cut, window=window)
    return LevelPicture(when, place, shown, outlines(scan.labels, cut), tuple(maps), drawn)


def _limb_box(labels: LabelMap) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest LPS millimetres of all tissue."""
    index = np.argwhere(labels.array > 0)
    if not len(index):
        index = np.array([[0, 0, 0], np.array(labels.geometry.shape) - 1])
    points = labels.geometry.to_lps(np.stack([index.min(axis=0), index.max(axis=0)]))
    return points.min(axis=0), points.max(axis=0)


def _window(scan: MeasuredMuscle) -> Window:
    """From black to the brightest tissue of this image: MR signal has no scale of its own."""
    inside = scan.image.array[scan.labels.array > 0]
    top = float(np.percentile(inside, 99)) if inside.size else 1.0
    return Window(top / 2, top)
