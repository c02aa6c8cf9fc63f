"""A contact sheet of every real case and of hybrids, worst first, to be looked at.

Each row shows one scan or pair: lungs in two planes, vessels, opacity in two planes (and the truth, where it is known),
the largest candidate, and for pairs a checkerboard of the registration and the fate. Real scans are read at their own
resolution, those without opacity in thick slices as well. The sheets hold images of patients: git ignores their
folder, and they stay on the machine that drew them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from ctreview.change import Timepoint, find_fate
from ctreview.change.candidates import candidate_map
from ctreview.errors import CtreviewError
from ctreview.phantom import random_hybrid, random_hybrid_pair
from ctreview.recipes.chest_ct import prepare, segment
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.resample import warp
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume
from tests.benchmarks.degraded_scans import averaged
from tests.benchmarks.zero_change import RECONSTRUCTIONS, SCANS
from tests.real_scans import DATA, healthy_host

FOLDER = Path(__file__).resolve().parent / "pictures"
FIRST_SEED = 7000
ROWS = 5
"""So many cases on a sheet."""

COLUMNS = (
    "lungs",
    "lungs, coronal",
    "vessels",
    "opacity (truth in white)",
    "opacity, coronal",
    "largest candidate",
    "checkerboard",
    "fate",
)
COUNTED = ("ground_glass", "consolidation")
CLEAR = ("normal001", "nlst", "lidc_0001", "lidc_0314")
"""Scans without opacity but a nodule of 7 mL and a collapse: what is counted in them is false."""

THICK_MM = 5.0
SQUARE_MM = 40.0

Slice = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pictured:
    """What a row shows.

    Attributes
    ----------
    name : str
    point : Timepoint or None
        The scan that is drawn; None where the recipe refused.
    truth : LabelMap or None
        Known opacity.
    partner : Volume or None
        The other scan of a pair, brought onto this one's grid.
    note : str
        What the recipe said.
    """

    name: str
    point: Timepoint | None
    truth: LabelMap | None = None
    partner: Volume | None = None
    note: str = ""

    @property
    def dice(self) -> float | None:
        """Overlap of the opacity with the truth; None where that is not known."""
        if self.truth is None:
            return None
        if self.point is None:
            return 0.0
        found, true = self.point.opacity.mask(*COUNTED), self.truth.mask(*COUNTED)
        return float(2 * np.count_nonzero(found & true) / max(1, found.sum() + true.sum()))

    @property
    def counted_ml(self) -> float:
        """Opacity that is in the numbers, in mL."""
        return 0.0 if self.point is None else self.point.opacity.volume_ml(*COUNTED)

    @property
    def offered_ml(self) -> float:
        """What is offered to be confirmed, in mL."""
        return 0.0 if self.point is None else sum(one.piece.ml for one in self.point.candidates)


def draw(hybrids: int = 12, *, folder: Path = FOLDER) -> list[Pictured]:
    """Draw every sheet: clear scans from the one with most opacity on, other real ones, hybrids from the worst on."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("sheet_*.png"):
        old.unlink()
    clear = sorted(_clear_scans(), key=lambda row: -row.counted_ml - row.offered_ml)
    real = [*clear, *_other_scans()]
    _sheets(real, folder, "real")
    planted = sorted(_hybrids(hybrids), key=lambda row: row.dice or 0.0)
    _sheets(planted, folder, "hybrid")
    return [*real, *planted]


def _sheets(rows: Sequence[Pictured], folder: Path, kind: str) -> None:
    for number, first in enumerate(range(0, len(rows), ROWS), start=1):
        _sheet(rows[first : first + ROWS], folder / f"sheet_{kind}_{number}.png")


# -- cases ------------------------------------------------------------------------------------------------------------


def _clear_scans() -> Iterator[Pictured]:
    for name in CLEAR:
        if (DATA / SCANS[name]).exists():
            volume = replace(load_volume(DATA / SCANS[name]).canonical(), unmeasured=None)
            yield _one(name, volume)
            yield _one(f"{name}, {THICK_MM:g} mm slices", averaged(volume, THICK_MM))


def _other_scans() -> Iterator[Pictured]:
    pairs = {"followup_pair": ("baseline.mha", "followup.mha")}
    pairs |= {name: (*sorted(one.name for one in (DATA / name).glob("*/")),) for name in RECONSTRUCTIONS}
    for name, ends in pairs.items():
        if (DATA / name).is_dir():
            yield from _pair(name, *(load_volume(DATA / name / end) for end in ends))
    for name in ("covid_p001/dicom", "nodule/part_solid.mha"):
        if (DATA / name).exists():
            yield _one(name, load_volume(DATA / name))


def _hybrids(count: int) -> Iterator[Pictured]:
    """Every fourth is a pair."""
    host = healthy_host(3) if count else None
    if host is None:
        return
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        if seed % 4 == 3:
            before, after = random_hybrid_pair(host, seed)
            yield from _pair(f"hybrid pair {seed}", before.volume, after.volume, before.opacity, after.opacity)
        else:
            hybrid = random_hybrid(host, seed)
            yield _one(f"hybrid {seed}", hybrid.volume, hybrid.opacity)


def _one(name: str, volume: Volume, truth: LabelMap | None = None) -> Pictured:
    found, note = _tried(lambda: segment(volume))
    return Pictured(name, found and found.timepoint, truth, note=note)


def _pair(name: str, early: Volume, late: Volume, *truth: LabelMap) -> Iterator[Pictured]:
    found, note = _tried(lambda: prepare(early, late, allow_different_patients=True))
    if found is None:
        yield Pictured(f"{name}, baseline", None, truth[0] if truth else None, note=note)
        return
    points, partners = list(found.points), [None, None]
    if found.transform is not None:
        points = [*_with_fate(found.points, found.transform)]
        partners[0] = warp(late, found.transform)  # type: ignore[call-overload]
    for number, when in enumerate(("baseline", "follow-up")):
        known = truth[number] if truth else None
        yield Pictured(f"{name}, {when}", points[number], known, partners[number], note)


def _with_fate(points: tuple[Timepoint, Timepoint], transform: Transform) -> tuple[Timepoint, Timepoint]:
    fate = find_fate(points[0].opacity, points[1].opacity, transform)
    return replace(points[0], fate=fate.baseline), replace(points[1], fate=fate.followup)


def _tried(do: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return do(), ""
    except CtreviewError as refused:
        return None, refused.found


# -- drawing ----------------------------------------------------------------------------------------------------------


def _sheet(rows: Sequence[Pictured], path: Path) -> None:
    figure = Figure(figsize=(3.6 * len(COLUMNS), 3.2 * len(rows)), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), len(COLUMNS), squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        for one in axes:
            one.set_axis_off()
        said = f"{row.counted_ml:.1f} mL counted, {row.offered_ml:.1f} offered"
        said += "" if row.dice is None else f"; Dice {row.dice:.2f}"
        axes[0].set_title(f"{row.name}\n{said}\n{row.note[:60]}", fontsize=9)
        if row.point is not None:
            _draw_row(axes, row, row.point)
        for one, column in zip(axes[1:], COLUMNS[1:], strict=True):
            if one.images:
                one.set_title(column, fontsize=8)
    figure.savefig(path)


def _draw_row(axes: npt.NDArray[Any], row: Pictured, point: Timepoint) -> None:
    geometry, hu = point.volume.geometry, point.volume.array
    lungs = point.organ.mask("right_lung", "left_lung")
    opacity = point.opacity.mask(*COUNTED)
    # where most is wrong, else where most was found, else where most lung is
    wrong = opacity ^ row.truth.mask(*COUNTED) if row.truth is not None else opacity
    shown = next(mask for mask in (wrong, opacity, lungs) if mask.any() or mask is lungs)
    level, face = (int(shown.sum(axis=others).argmax()) for others in ((1, 2), (0, 2)))
    for axis, index, plane in ((axes[0], level, 0), (axes[1], face, 1)):
        _grey(axis, hu.take(index, axis=plane), geometry, plane)
        _edges(axis, point.organ, index, plane)
    _grey(axes[2], hu[level], geometry, 0)
    box = [np.flatnonzero(lungs.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2), (0, 1))]
    if point.vessels is not None:
        _cover(axes[2], point.vessels.array[level] > 0, "#e0402a")
    for axis, index, plane in ((axes[3], level, 0), (axes[4], face, 1)):
        _grey(axis, hu.take(index, axis=plane), geometry, plane)
        for label in point.opacity.scheme:
            _cover(axis, (point.opacity.array == label.value).take(index, axis=plane), np.array(label.colour) / 255)
        if row.truth is not None:
            _outline(axis, row.truth.mask(*COUNTED).take(index, axis=plane), "white")
    _draw_candidates(axes[5], point)
    if row.partner is not None:
        _grey(axes[6], _checkered(hu[level], row.partner.array[level], geometry), geometry, 0)
    if point.fate is not None:
        _grey(axes[7], hu[level], geometry, 0)
        for label in point.fate.scheme:
            _cover(axes[7], point.fate.array[level] == label.value, np.array(label.colour) / 255)
    for axis in axes:  # the lungs fill the picture
        coronal = axis is axes[1] or axis is axes[4]
        (left, right), (low, high) = box[2], box[0] if coronal else box[1][::-1]
        axis.set_xlim(left - 4, right + 4)
        axis.set_ylim(*((low - 4, high + 4) if coronal else (low + 4, high - 4)))


def _draw_candidates(axis: Axes, point: Timepoint) -> None:
    """All candidates of the level on which most of the largest lies."""
    if not point.candidates:
        return
    piece = max(point.candidates, key=lambda one: one.piece.ml).piece
    level = piece.box[0].start + int(piece.mask.sum(axis=(1, 2)).argmax())
    _grey(axis, point.volume.array[level], point.volume.geometry, 0)
    _outline(axis, candidate_map(point.candidates, point.volume.geometry).array[level] > 0, "#ffd24a")


def _grey(axis: Axes, picture: Slice, geometry: Geometry, plane: int) -> None:
    down, across = (s for n, s in enumerate(geometry.spacing) if n != plane)
    origin = "upper" if plane == 0 else "lower"
    axis.imshow(picture, cmap="gray", vmin=-1350, vmax=150, aspect=down / across, origin=origin)


def _edges(axis: Axes, organ: LabelMap, index: int, plane: int) -> None:
    for label in organ.scheme:
        colour = np.array(label.colour) / 255
        _outline(axis, (organ.array == label.value).take(index, axis=plane), colour)


def _outline(axis: Axes, mask: Mask, colour: Any) -> None:
    if mask.any() and not mask.all():
        axis.contour(mask, levels=[0.5], colors=[colour], linewidths=0.8)


def _cover(axis: Axes, mask: Mask, colour: Any) -> None:
    if mask.any():
        picture = np.zeros((*mask.shape, 4))
        picture[mask] = to_rgba(colour, 0.55)
        axis.imshow(picture, aspect=axis.get_aspect(), interpolation="nearest")


def _checkered(one: Slice, other: Slice, geometry: Geometry) -> Slice:
    """Squares of one slice and of the other in turn."""
    side = [max(1, round(SQUARE_MM / s)) for s in geometry.spacing[1:]]
    a, b = np.ogrid[: one.shape[0], : one.shape[1]]
    return np.where((a // side[0] + b // side[1]) % 2 == 0, one, other)


if __name__ == "__main__":
    for shown in draw():
        print(f"{shown.name:34} {'' if shown.dice is None else f'{shown.dice:.2f}'} {shown.note}")
