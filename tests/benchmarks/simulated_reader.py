"""A reader who always mends the largest error, as papers on interactive segmentation simulate one.

At each act the largest connected error (missed or wrongly marked) is sought, and the click or stroke is put at its
deepest point, by the tool under test. What counts is Dice with the truth after so many acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import cc3d
import edt
import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom
from skimage.segmentation import random_walker

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools import (
    BrushSettings,
    Canvas,
    FeatureMemory,
    ScribbleSettings,
    Stroke,
    brush,
    learn_gate,
    remove_piece,
    scribble,
    take_piece,
)
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap

Mask = npt.NDArray[np.bool_]

COUNTED = ("ground_glass", "consolidation")
BAND_HU = (-700.0, -500.0)
WHEEL = (0, -1, 1, -2, 2, -3, 3)
"""Steps of the wheel that a reader tries while the piece under the cursor is shown."""


@dataclass(frozen=True, eq=False)
class Case:
    """A scan with known opacity, cut to its lungs, and what the computer proposed."""

    name: str
    canvas: Canvas
    truth: LabelMap
    proposal: LabelMap

    @property
    def empty(self) -> LabelMap:
        """Nothing marked."""
        return replace(self.truth, array=np.zeros_like(self.truth.array))


@dataclass(frozen=True, eq=False)
class Fault:
    """The largest error: where it is deepest, how far from there to its border, and a stroke along it."""

    missed: bool
    label: str
    centre: list[float]
    radius_mm: float
    path: list[list[float]]

    @property
    def stroke(self) -> Stroke:
        """The example that mends it."""
        return Stroke(self.path, self.label if self.missed else None)


def opacity(labels: LabelMap) -> Mask:
    """Where anything counts."""
    return labels.mask(*COUNTED)


def dice(labels: LabelMap, truth: LabelMap) -> float:
    """Overlap of everything that counts."""
    found, true = opacity(labels), opacity(truth)
    return float(2 * np.count_nonzero(found & true) / max(1, found.sum() + true.sum()))


def largest_fault(labels: LabelMap, case: Case, given_up: Sequence[Fault] = ()) -> Fault | None:
    """The largest error within the lung, vessels left out, but those given up; None if nothing is wrong."""
    found, true = opacity(labels), opacity(case.truth)
    allowed = case.canvas.allowed(tuple(slice(0, n) for n in found.shape))  # type: ignore[arg-type]
    best: tuple[int, bool, Mask] | None = None
    for missed, wrong in ((True, true & ~found & allowed), (False, found & ~true & allowed)):
        pieces = cc3d.connected_components(wrong, connectivity=6)
        sizes = cc3d.statistics(pieces)["voxel_counts"]
        sizes[[0, *(pieces[case.canvas.voxel_at(fault.centre)] for fault in given_up)]] = 0
        if sizes.max() > (0 if best is None else best[0]):
            best = int(sizes.max()), missed, np.asarray(pieces == int(np.argmax(sizes)))
    return None if best is None else _fault(best[2], best[1], case)


def _fault(piece: Mask, missed: bool, case: Case) -> Fault:
    geometry = case.canvas.geometry
    deep = edt.edt(piece, anisotropy=geometry.spacing, black_border=True)
    at = np.unravel_index(int(np.argmax(deep)), deep.shape)
    value = int(case.truth.array[at])
    label = next((one.key for one in case.truth.scheme if one.value == value), COUNTED[0])
    path = _along(piece[at[0]], at[1:], geometry.spacing[1:])
    index = np.column_stack([np.full(len(path), at[0]), path])
    return Fault(
        missed, label, geometry.to_lps(np.array(at)).tolist(), float(deep[at]), geometry.to_lps(index).tolist()
    )


def _along(flat: Mask, at: Sequence[Any], spacing: Sequence[float]) -> FloatArray:
    """The longest straight stroke through a point that stays inside, at most 15 mm to either side (n, 2)."""
    best = np.array([at], dtype=float)
    for angle in np.linspace(0, np.pi, 8, endpoint=False):
        way = np.array([np.sin(angle), np.cos(angle)]) / np.array(spacing)
        ends = [_reach(flat, np.array(at, dtype=float), sign * way) for sign in (-1, 1)]
        if np.linalg.norm((ends[1] - ends[0]) * spacing) > np.linalg.norm((best[-1] - best[0]) * spacing):
            best = np.array([ends[0], at, ends[1]], dtype=float)
    return best


def _reach(flat: Mask, start: FloatArray, step_mm: FloatArray) -> FloatArray:
    last = start
    for distance in np.arange(1.0, 15.5):
        point = start + distance * step_mm
        a, b = (int(n) for n in np.rint(point))
        if not (0 <= a < flat.shape[0] and 0 <= b < flat.shape[1] and flat[a, b]):
            break
        last = point
    return last


# -- tools: a fault and the canvas in, a patch out --------------------------------------------------------------------

Act = Callable[[Canvas, Fault, Case], Patch]


def pick(canvas: Canvas, fault: Fault, case: Case) -> Patch:
    """A click: take the piece, or take out what looks like the place clicked."""
    del case
    return take_piece(canvas, point=fault.centre, label=fault.label if fault.missed else None)


def pick_with_wheel(canvas: Canvas, fault: Fault, case: Case) -> Patch:
    """The same, and the wheel is turned until what is shown fits best; a whole piece may go as well."""
    label = fault.label if fault.missed else None
    shown = [_tried(take_piece, canvas, point=fault.centre, label=label, steps=steps) for steps in WHEEL]
    if not fault.missed:
        shown.append(_tried(remove_piece, canvas, point=fault.centre))
    return max((patch for patch in shown if patch is not None), key=lambda patch: gain(canvas, patch, case))


def gated_brush(canvas: Canvas, fault: Fault, case: Case) -> Patch:
    """A ball as large as the error along a stroke, gated by the density at its middle; a wrong place is rubbed out."""
    del case
    gate = learn_gate(canvas, fault.centre) if fault.missed else None
    return _painted(canvas, fault.stroke, _ball(fault), None if gate is None else (gate.low_hu, gate.high_hu))


def _ball(fault: Fault) -> float:
    return float(np.clip(1.3 * fault.radius_mm, 3.0, 25.0))


def _painted(canvas: Canvas, stroke: Stroke, radius_mm: float, band: tuple[float, float] | None) -> Patch:
    low, high = band if band is not None else (None, None)
    settings = BrushSettings(radius_mm, "ball", low, high)
    return brush(canvas, points=stroke.points, label=stroke.label, settings=settings)


def gain(canvas: Canvas, patch: Patch, case: Case) -> int:
    """How many voxels more are right after a patch than before."""
    true = case.truth.array[patch.box] > 0
    before, after = canvas.labels.array[patch.box] > 0, patch.labels > 0
    return int((after == true).sum()) - int((before == true).sum())


def _tried(tool: Callable[..., Patch], canvas: Canvas, **call: Any) -> Patch | None:
    try:
        return tool(canvas, **call)
    except EditDoesNotApply:
        return None


@dataclass(eq=False)
class Scribbler:
    """A reader who adds a stroke at each act; all strokes so far teach the classifier."""

    reach_mm: float | None
    strokes: list[Stroke] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    memory: FeatureMemory = field(default_factory=lambda: FeatureMemory(600.0))

    def __call__(self, canvas: Canvas, fault: Fault, case: Case) -> Patch:
        """Add the stroke, and let the reach be labelled anew."""
        del case
        self.strokes.append(fault.stroke)
        self.faults.append(fault)
        settings = ScribbleSettings(reach_mm=self.reach_mm)
        return scribble(canvas, strokes=self.strokes, settings=settings, memory=self.memory)

    def take_back(self) -> None:
        """Take the last stroke back, as undo does in the window: it teaches no longer."""
        self.strokes.pop()


def read(case: Case, start: LabelMap, tool: Act, acts: int) -> list[float]:
    """Dice before any act and after each. What makes it worse is taken back; the act is spent, and that error left."""
    array = start.array.copy()
    labels = replace(start, array=array)
    reached, given_up = [dice(labels, case.truth)], []
    for _ in range(acts):
        fault = largest_fault(labels, case, given_up)
        before = array.copy()
        if fault is not None:
            with suppress(EditDoesNotApply):
                patch = tool(replace(case.canvas, labels=labels), fault, case)
                array[patch.box] = patch.labels
            if dice(labels, case.truth) <= reached[-1]:
                array[...] = before
                given_up.append(fault)
                if isinstance(tool, Scribbler):
                    tool.take_back()
        reached.append(dice(labels, case.truth))
    return reached


# -- peers, given the strokes that our scribbler drew -----------------------------------------------------------------


def threshold_painting(case: Case, start: LabelMap, faults: Sequence[Fault]) -> Iterator[LabelMap]:
    """A ball along each stroke that paints −700…−500 HU, or rubs out."""
    array = start.array.copy()
    for fault in faults:
        canvas = replace(case.canvas, labels=replace(start, array=array))
        patch = _painted(canvas, fault.stroke, _ball(fault), BAND_HU if fault.missed else None)
        array[patch.box] = patch.labels
        yield replace(start, array=array.copy())


def walked(case: Case, start: LabelMap, faults: Sequence[Fault], reach_mm: float = 40.0) -> LabelMap:
    """scikit-image's random walker from the strokes, in their box at about 3 mm, so that it ends in seconds.

    What lies farther than the reach from every stroke of opacity is "not", else few strokes would flood the lung.
    """
    canvas = case.canvas
    points = np.concatenate([np.asarray(fault.path) for fault in faults])
    index = canvas.geometry.to_index(points)
    spacing = np.array(canvas.geometry.spacing)
    low = np.maximum(0, np.floor(index.min(axis=0) - reach_mm / spacing)).astype(int)
    high = np.minimum(canvas.geometry.shape, np.ceil(index.max(axis=0) + reach_mm / spacing) + 1).astype(int)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    step = tuple(slice(None, None, max(1, round(3.0 / s))) for s in spacing)
    open_lung = canvas.allowed(box)  # type: ignore[arg-type]
    seeds = np.zeros(open_lung.shape, np.int32)
    for fault in faults:
        for place in _sampled(canvas.geometry.to_index(np.asarray(fault.path))):
            seeds[tuple(np.clip(np.rint(place).astype(int) - low, 0, np.array(seeds.shape) - 1))] = 1 + (
                not fault.missed
            )
    small = _coarse_seeds(seeds, open_lung, step)
    size = [s * t.step for s, t in zip(spacing, step, strict=True)]
    far = edt.edt(small != 1, anisotropy=size, black_border=False) > 0.75 * reach_mm
    small[far & (small == 0)] = 2
    array = start.array.copy()
    if not ((small == 1).any() and (small == 2).any()):
        return replace(start, array=array)
    hu = canvas.volume.array[box][step].astype(np.float32)
    answer = random_walker(np.clip(hu, -1000, 200), small, beta=130, mode="cg_j", tol=1e-3, spacing=size)
    fine = np.kron(answer == 1, np.ones([t.step for t in step], bool))[tuple(slice(0, n) for n in open_lung.shape)]
    here = array[box]
    here[open_lung] = np.where(fine[open_lung], np.where(here[open_lung] > 0, here[open_lung], 1), 0)
    return replace(start, array=array)


def _sampled(path: FloatArray) -> FloatArray:
    """A point a voxel or closer along a polyline."""
    factor = max(1.0, np.abs(np.diff(path, axis=0)).max(initial=0) * 2)
    return path if len(path) < 2 else np.asarray(zoom(path, (factor, 1), order=1))


def _coarse_seeds(seeds: npt.NDArray[np.int32], open_lung: Mask, step: tuple[slice, ...]) -> npt.NDArray[np.int32]:
    """Seeds on every second voxel or so: a seed anywhere in a cell counts; −1 where nothing may be labelled."""
    small = np.where(open_lung[step], 0, -1).astype(np.int32)
    for value in (2, 1):
        at = np.argwhere((seeds == value) & open_lung) // [t.step for t in step]
        small[tuple(at.T)] = value
    return small
