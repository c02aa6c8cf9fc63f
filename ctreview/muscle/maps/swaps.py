"""Water and fat that a scanner has mixed up: found by where fat must lie, and mended.

Fat lies under the skin and in the marrow, muscle between them. A part of the image in which the middle of the limb is
fatter than the layer under the skin has its water and fat swapped. Which parts belong together is told by continuity:
from slice to slice, and across the mid plane where both halves touch, the fat fraction either goes on or turns into
its opposite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cc3d
import edt
import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_fill_holes, distance_transform_edt

from ctreview.checks import Check
from ctreview.muscle.maps.noise import body_mask
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.volume import Volume

__all__ = ["Mended", "SwapSettings", "SwappedPart", "mend_swaps"]

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

_LINK = 1.5
"""How much continuity from slice to slice weighs beside what one slice shows by itself."""


@dataclass(frozen=True)
class SwapSettings:
    """How swaps are looked for.

    Attributes
    ----------
    skin_mm, layer_mm : float
        The layer of fat under the skin begins so deep, and at least so much of it is looked at.
    least_evidence : float
        Difference in fat fraction between where fat must and must not lie below which nothing is decided. Half of what
        a child with 2 mm of fat shows.
    least_area_mm2, least_share : float
        Smaller pieces of a slice (a hand, a finger), in area or beside its largest, go with what lies beside them.
    """

    skin_mm: float = 1.5
    layer_mm: float = 2.5
    least_evidence: float = 0.15
    least_area_mm2: float = 600.0
    least_share: float = 0.2

    def __post_init__(self) -> None:
        require_possible(self, least_area_mm2=(1.0, 1e6), least_evidence=(0.0, 1.0))


@dataclass(frozen=True)
class SwappedPart:
    """A part that was mended.

    Attributes
    ----------
    side : {"right", "left", "both"}
    first, last : int
        Slices, along the first axis, both included.
    evidence : float
        How much fatter the layer under the skin is than the middle, after mending.
    """

    side: str
    first: int
    last: int
    evidence: float


@dataclass(frozen=True, eq=False)
class Mended:
    """Water and fat as they are.

    Attributes
    ----------
    water, fat : Volume
    swapped : ndarray of bool
        Where they were exchanged.
    parts : tuple of SwappedPart
    checks : tuple of Check
        What was found, and where nothing could be told.
    """

    water: Volume
    fat: Volume
    swapped: Mask = field(repr=False)
    parts: tuple[SwappedPart, ...]
    checks: tuple[Check, ...]


@dataclass(eq=False)
class _Unit:
    """A piece of one slice on one side: water and fat of it are swapped together, or not at all."""

    layer: int
    side: str
    mask: Mask
    area: float
    evidence: float
    turned: int = 1


def mend_swaps(water: Volume, fat: Volume, *, settings: SwapSettings | None = None) -> Mended:
    """Exchange water and fat where they are swapped.

    Parameters
    ----------
    water, fat : Volume
        On one grid; axis 0 across the slices, axis 2 to the patient's left.
    settings : SwapSettings

    Returns
    -------
    Mended
        With the images themselves where nothing is swapped.

    Raises
    ------
    GridMismatch
        They do not lie on one grid.
    """
    settings = settings or SwapSettings()
    require_same_grid(water, fat)
    w, f = np.asarray(water.array, np.float32), np.asarray(fat.array, np.float32)
    total = w + f
    body = body_mask(total)
    fraction = np.where(body, f / np.maximum(total, np.float32(1e-6)), np.float32(0.5))
    units = _units(total, fraction, body, water.geometry.spacing, settings)
    decided = _orient(units, fraction, settings)
    wrong = [unit for unit in decided if unit.turned < 0]
    undecided = [unit for unit in units if unit not in decided]
    swapped = _everywhere(units, wrong, body.shape)
    parts = _parts(wrong)
    checks = _checks(parts, undecided)
    if not wrong:
        return Mended(water, fat, swapped, (), checks)
    return Mended(
        water.with_array(np.where(swapped, f, w)), fat.with_array(np.where(swapped, w, f)), swapped, parts, checks
    )


def _units(
    total: Floats, fraction: Floats, body: Mask, spacing: tuple[float, float, float], settings: SwapSettings
) -> list[_Unit]:
    columns = np.flatnonzero(body.any(axis=(0, 1)))
    if not len(columns):
        return []
    middle = (columns[0] + columns[-1] + 1) // 2
    pixel = spacing[1] * spacing[2]
    found = []
    for layer in range(len(body)):
        filled = np.asarray(binary_fill_holes(body[layer]))
        depth = edt.edt(np.ascontiguousarray(filled), anisotropy=spacing[1:], black_border=False)
        pieces, number = cc3d.connected_components(filled, connectivity=4, return_N=True)
        sizes = np.bincount(pieces.ravel(), minlength=number + 1)[1:]
        least = max(settings.least_area_mm2 / pixel, settings.least_share * sizes.max(initial=0))
        for piece in np.flatnonzero(sizes >= least) + 1:
            mask = pieces == piece
            for side, half in _halves(mask, middle):
                evidence = _evidence(half, depth, total[layer], fraction[layer], spacing, settings)
                found.append(_Unit(layer, side, half, float(half.sum()) * pixel, evidence))
    return found


def _halves(mask: Mask, middle: int) -> list[tuple[str, Mask]]:
    """A piece of one side as it is; one that lies on both is parted at the mid plane."""
    right, left = mask.copy(), mask.copy()
    right[:, middle:], left[:, :middle] = False, False
    share = right.sum() / mask.sum()
    if share > 0.85:
        return [("right", mask)]
    if share < 0.15:
        return [("left", mask)]
    return [("right", right), ("left", left)]


def _evidence(
    mask: Mask,
    depth: Floats,
    total: Floats,
    fraction: Floats,
    spacing: tuple[float, float, float],
    settings: SwapSettings,
) -> float:
    """How much fatter it is where fat lies than where it does not; 0 where that cannot be seen."""
    width = max(spacing[1:])
    start = settings.skin_mm + 0.5 * width
    layer = mask & (depth > start) & (depth <= start + max(settings.layer_mm, 1.5 * width))
    deep = mask & (depth > 0.45 * float(depth[mask].max(initial=0.0)))
    if layer.sum() < 10 or deep.sum() < 10:
        return 0.0
    inside = float(np.median(fraction[deep]))
    under_skin = float(np.median(fraction[layer]))
    found = (under_skin - inside) + 0.25 * (under_skin - 0.5)
    marrow = _marrow(deep, total)
    if marrow.sum() >= 8:
        found += 0.5 * (float(np.median(fraction[marrow])) - inside)
    return found


def _marrow(deep: Mask, total: Floats) -> Mask:
    """What a dark ring (cortex) encloses in the depth of a limb."""
    dark = deep & (total < 0.4 * float(np.median(total[deep])))
    return np.asarray(binary_fill_holes(dark)) & ~dark & deep


@dataclass(frozen=True)
class _Link:
    """Two units that touch; positive where the fat fraction goes on, negative where it turns over."""

    one: int
    other: int
    strength: float


def _links(units: Sequence[_Unit], fraction: Floats) -> list[_Link]:
    """Of the links between units those that hold them together best: a forest without circles, the strongest first."""
    found = []
    for number, unit in enumerate(units):
        for before in range(number):
            strength = _continuity(unit, units[before], fraction)
            if strength:
                found.append(_Link(before, number, strength))
    root = list(range(len(units)))

    def top(unit: int) -> int:
        while root[unit] != unit:
            unit = root[unit]
        return unit

    kept = []
    for link in sorted(found, key=lambda one: -abs(one.strength)):
        a, b = top(link.one), top(link.other)
        if a != b:
            root[b] = a
            kept.append(link)
    return kept


def _trees(count: int, links: Sequence[_Link]) -> list[list[tuple[int, int | None, float]]]:
    """Each tree of the forest from its root to its leaves: unit, its parent, and the link between them."""
    neighbours: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for link in links:
        neighbours[link.one].append((link.other, link.strength))
        neighbours[link.other].append((link.one, link.strength))
    seen: set[int] = set()
    trees = []
    for start in range(count):
        if start in seen:
            continue
        seen.add(start)
        tree: list[tuple[int, int | None, float]] = [(start, None, 0.0)]
        for unit, _, _ in tree:
            for other, strength in neighbours[unit]:
                if other not in seen:
                    seen.add(other)
                    tree.append((other, unit, strength))
        trees.append(tree)
    return trees


def _orient(units: Sequence[_Unit], fraction: Floats, settings: SwapSettings) -> list[_Unit]:
    """Say of each unit whether it is swapped, so that evidence and links agree best; gives those that are decided.

    On a tree the best agreement is found exactly: from the leaves up, each unit tells its parent what either
    orientation of it would cost. A tree whose evidence is too weak altogether is left undecided.
    """
    largest = max((unit.area for unit in units), default=1.0)
    decided: list[_Unit] = []
    for tree in _trees(len(units), _links(units, fraction)):
        gain = {number: _own_gain(units[number], largest) for number, _, _ in tree}
        choice: dict[int, dict[int, int]] = {}
        for number, parent, strength in reversed(tree):
            if parent is None:
                continue
            choice[number] = {}
            for above in (1, -1):
                best = max((1, -1), key=lambda s, a=above, n=number, k=strength: gain[n][s] + _LINK * k * a * s)  # type: ignore[misc]
                choice[number][above] = best
                gain[parent][above] += gain[number][best] + _LINK * strength * above * best
        root = tree[0][0]
        units[root].turned = max((1, -1), key=lambda s: gain[root][s])
        for number, parent, _ in tree[1:]:
            if parent is not None:
                units[number].turned = choice[number][units[parent].turned]
        members = [units[number] for number, _, _ in tree]
        evidence = sum(unit.turned * unit.evidence * unit.area for unit in members) / sum(one.area for one in members)
        if evidence >= settings.least_evidence:
            decided += members
    return decided


def _own_gain(unit: _Unit, largest: float) -> dict[int, float]:
    weight = unit.evidence * unit.area / largest
    return {1: weight, -1: -weight}


def _continuity(one: _Unit, other: _Unit, fraction: Floats) -> float:
    """Positive where the fat fraction goes on from one unit to another, negative where it turns over; 0 for strangers.

    Neighbours are units of adjacent slices that lie over each other, and both halves of one piece.
    """
    if abs(one.layer - other.layer) == 1:
        both = one.mask & other.mask
        if both.sum() < 0.2 * min(one.mask.sum(), other.mask.sum()):
            return 0.0
        a, b = fraction[one.layer][both], fraction[other.layer][both]
    elif one.layer == other.layer and one.side != other.side:
        a, b = _across(one, other, fraction[one.layer])
        if len(a) < 10:
            return 0.0
    else:
        return 0.0
    return float(np.abs(a + b - 1).mean() - np.abs(a - b).mean())


def _across(one: _Unit, other: _Unit, fraction: Floats) -> tuple[Floats, Floats]:
    """Fat fractions on both sides of the seam between two halves, two voxels from it."""
    right, left = (one.mask, other.mask) if one.side == "right" else (other.mask, one.mask)
    rows, columns = np.nonzero(right[:, :-1] & left[:, 1:])
    inside = (columns >= 1) & (columns + 2 < right.shape[1])
    rows, columns = rows[inside], columns[inside]
    return fraction[rows, columns - 1], fraction[rows, columns + 2]


def _everywhere(units: Sequence[_Unit], wrong: Sequence[_Unit], shape: tuple[int, ...]) -> Mask:
    """Where to exchange: each voxel of a slice as the unit next to it."""
    swapped = np.zeros(shape, bool)
    for layer in dict.fromkeys(unit.layer for unit in wrong):
        here = [unit for unit in units if unit.layer == layer]
        marked = np.zeros(shape[1:], np.uint8)
        for unit in here:
            marked[unit.mask] = 2 if unit in wrong else 1
        nearest = distance_transform_edt(marked == 0, return_distances=False, return_indices=True)
        swapped[layer] = marked[tuple(nearest)] == 2
    return swapped


def _parts(wrong: Sequence[_Unit]) -> tuple[SwappedPart, ...]:
    """Swapped units as runs of slices; both sides as one where they are swapped over the same slices."""
    runs: list[SwappedPart] = []
    for side in ("right", "left"):
        layers = sorted({unit.layer for unit in wrong if unit.side == side})
        for layer in layers:
            mine = [-unit.evidence for unit in wrong if (unit.side, unit.layer) == (side, layer)]
            if runs and runs[-1].side == side and runs[-1].last == layer - 1:
                runs[-1] = replace(runs[-1], last=layer, evidence=min(runs[-1].evidence, *mine))
            else:
                runs.append(SwappedPart(side, layer, layer, min(mine)))
    found: list[SwappedPart] = []
    for run in runs:
        same = [one for one in found if (one.first, one.last) == (run.first, run.last)]
        if same:
            found[found.index(same[0])] = replace(same[0], side="both", evidence=min(same[0].evidence, run.evidence))
        else:
            found.append(run)
    return tuple(found)


def _checks(parts: Sequence[SwappedPart], undecided: Sequence[_Unit]) -> tuple[Check, ...]:
    found = [
        Check(
            "water_fat_swap",
            f"{part.side} {part.first + 1}-{part.last + 1}",
            None,
            ok=False,
            message=(
                f"Water and fat were swapped in slices {part.first + 1} to {part.last + 1} "
                f"({'both sides' if part.side == 'both' else f'{part.side} side'}) and were put right."
            ),
            effect="tells",
        )
        for part in parts
    ]
    if not parts:
        found.append(
            Check("water_fat_swap", None, None, ok=True, message="No swap of water and fat was found.", effect="tells")
        )
    if undecided:
        layers = sorted({unit.layer + 1 for unit in undecided})
        found.append(
            Check(
                "water_fat_undecided",
                float(len(layers)),
                0.0,
                ok=False,
                message=(
                    f"In {len(layers)} slices (from {layers[0]} to {layers[-1]}) "
                    "it cannot be told whether water and fat are swapped, since little fat is seen under the skin and "
                    "in the marrow. Look at them."
                ),
                effect="stops",
            )
        )
    return tuple(found)
