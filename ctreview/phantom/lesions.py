"""Ground glass, consolidation and a round spot, planted where and as large as asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.errors import WrongUse
from ctreview.phantom.body import Shape, depth_and_lobe, fissures, reference_lung_points
from ctreview.phantom.motion import Motion, to_reference
from ctreview.phantom.sampling import BodyOnGrid, TreesOnGrid, soft_size
from ctreview.phantom.schemes import LOBES, LOBES_OF
from ctreview.phantom.texture import cloud, lobular, ripple
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import Geometry

__all__ = [
    "Lesion",
    "LesionPlan",
    "LesionsOnGrid",
    "Nodule",
    "TrueFinding",
    "draw_lesions",
    "overlaid",
    "plan_lesion",
    "score",
]

Floats32 = npt.NDArray[np.float32]
Pattern = Literal["ventral", "dorsal", "basal", "patches", "subpleural", "diffuse"]
_PATTERNS: tuple[Pattern, ...] = ("ventral", "dorsal", "basal", "patches", "subpleural", "diffuse")


@dataclass(frozen=True)
class Lesion:
    """Opacity in one lobe.

    Attributes
    ----------
    kind : {"ground_glass", "consolidation", "effusion"}
        Hazy, with vessels to be seen through it; solid, with bronchi full of air; or fluid that takes the lung's
        place and is neither lung nor opacity (use ``"dorsal"`` or ``"basal"``, with little roughness).
    lobe : str
        Key of the lobe, or ``"right_lung"``, ``"left_lung"``; it does not cross into another.
    pattern : str
        ``"ventral"`` or ``"dorsal"`` band, ``"basal"`` patch, scattered ``"patches"``, ``"subpleural"`` rim around a
        place, ``"diffuse"`` clouds all over the lobe.
    volume_ml : float
        How large at full inspiration, vessels in it counted too.
    added_hu : float
        How much denser than the lung around it at full inspiration (ground glass only): 75–150 is faint, above clear.
    number : int
        Of patches.
    edge_mm : float
        Over which the border fades (10 to 90 %).
    roughness_mm : float
        How far the border strays.
    place : tuple of float or None
        Where in the lobe's box, 0–1 from right to left, front to back, feet to head; chosen by ``seed`` if None.
    half : {"", "ventral", "dorsal"}
        The half of the lobe that patches keep their centres to.
    seed : int
        Shape and texture.
    """

    kind: Literal["ground_glass", "consolidation", "effusion"]
    lobe: str
    pattern: Pattern
    volume_ml: float
    added_hu: float = 250.0
    number: int = 1
    edge_mm: float = 4.0
    roughness_mm: float = 9.0
    place: tuple[float, float, float] | None = None
    half: Literal["", "ventral", "dorsal"] = ""
    seed: int = 1

    def __post_init__(self) -> None:
        if self.lobe not in LOBES_OF:
            raise WrongUse(f"no lobe is called {self.lobe!r}", remedy=f"Known: {', '.join(LOBES_OF)}.")
        if self.pattern not in _PATTERNS:
            raise WrongUse(f"no pattern is called {self.pattern!r}", remedy=f"Known: {', '.join(_PATTERNS)}.")
        if self.volume_ml <= 0:
            raise WrongUse(f"a lesion of {self.volume_ml} mL cannot be planted")


@dataclass(frozen=True)
class Nodule:
    """A round solid spot on the right minor fissure.

    Attributes
    ----------
    diameter_mm : float
        In the patient.
    x, y : float
        Where on the fissure, reference millimetres.
    hu : float
        Its density.
    """

    diameter_mm: float = 8.0
    x: float = -88.0
    y: float = -32.0
    hu: float = 35.0


@dataclass(frozen=True)
class TrueFinding:
    """Something of its own that is not opacity.

    Attributes
    ----------
    kind : str
        ``"round_spot"``.
    centre : tuple of float
        LPS millimetres.
    diameter_mm, volume_ml : float
        Its size.
    place : str
        In words.
    """

    kind: str
    centre: tuple[float, float, float]
    diameter_mm: float
    volume_ml: float
    place: str


@dataclass(frozen=True, eq=False)
class LesionsOnGrid:
    """Lesions at the voxels of a grid.

    Attributes
    ----------
    added : ndarray of float32
        HU added to the lung between vessels, at full inspiration.
    solid : ndarray of float32
        Share of the voxel's lung that is filled (consolidation, spot).
    fluid : ndarray of float32
        Share of the voxel that is effusion.
    labels : ndarray of uint8
        1 ground glass, 2 consolidation, where they cover at least half of the voxel; not in vessels and bronchi.
    true_ml : dict
        ``"lobe/kind"`` to millilitres.
    findings : tuple of TrueFinding
        The spot.
    size_mm : float
        Length of a soft edge on this grid.
    """

    added: Floats32
    solid: Floats32
    fluid: Floats32
    labels: npt.NDArray[np.uint8]
    true_ml: dict[str, float]
    findings: tuple[TrueFinding, ...]
    size_mm: float


TEXTURE_MM = 9.0
"""Wavelength of the texture of ground glass in the reference: about a secondary lobule."""

_jit = compiled()


@_jit
def score(x, y, z, depth, pattern, box, centres, roughness, wave, seed):  # type: ignore[no-untyped-def]
    """How far inside a lesion of this pattern a place is, in millimetres up to a constant."""
    rough = roughness * cloud(x, y, z, wave, seed)
    if pattern == 0:
        return -(y - box[1]) - 0.25 * depth + 1.15 * rough
    if pattern == 1:
        return (y - box[4]) - 0.25 * depth + 1.15 * rough
    if pattern == 5:
        return 22.0 * cloud(x, y, z, 42.0, seed) + 0.4 * rough
    best = -1e9
    for c in centres:
        dx, dy, dz = (x - c[0]) / c[3], (y - c[1]) / c[4], (z - c[2]) / c[5]
        r = sqrt(dx * dx + dy * dy + dz * dz)
        best = max(best, c[6] - r)
    if pattern == 4:
        best = 0.5 * best - 1.0 * depth
    return best + rough


@_jit
def _score_points(points, depth, pattern, box, centres, roughness, wave, seed, out):  # type: ignore[no-untyped-def]
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        out[i] = score(x, y, z, depth[i], pattern, box, centres, roughness, wave, seed)


@dataclass(frozen=True, eq=False)
class LesionPlan:
    """A lesion with what is worked out once: its lobe's box, centres, the score at its border, the body's size."""

    lesion: Lesion
    box: npt.NDArray[np.float64]
    centres: npt.NDArray[np.float64]
    level: float
    size: float

    @property
    def numbers(self) -> tuple[int, npt.NDArray[np.float64], npt.NDArray[np.float64], float, float, int]:
        """What the compiled functions need; borders of small patches are ragged on a smaller scale."""
        lesion = self.lesion
        patch = lesion.volume_ml / max(1, lesion.number)
        radius = (3000.0 * patch / (4 * np.pi)) ** (1 / 3) / self.size
        rough = min(lesion.roughness_mm / self.size, 0.75 * radius)
        wave = float(np.clip(1.1 * radius, 8.0, 26.0))
        return _PATTERNS.index(lesion.pattern), self.box, self.centres, float(rough), wave, lesion.seed


def _centres(
    lesion: Lesion, points: npt.NDArray[np.float64], depth: npt.NDArray[np.float64], box: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Centre, axis ratios and relative size of each patch (n, 7)."""
    rng = np.random.default_rng([lesion.seed, 3])
    found: list[list[float]] = []
    if lesion.half:
        front = points[:, 1] < 0.5 * (box[1] + box[4])
        kept = front if lesion.half == "ventral" else ~front
        points, depth = points[kept], depth[kept]
    for _ in range(max(1, lesion.number)):
        if lesion.place is not None and not found:
            wanted = box[:3] + np.array(lesion.place) * (box[3:] - box[:3])
            at = points[np.argmin(((points - wanted) ** 2).sum(axis=1))]
        elif lesion.pattern == "basal":
            low = points[points[:, 2] < np.quantile(points[:, 2], 0.12)]
            at = low[rng.integers(len(low))]
        elif lesion.pattern == "subpleural":
            rim = points[depth < np.quantile(depth, 0.25)]
            at = rim[rng.integers(len(rim))]
        else:
            at = points[rng.integers(len(points))]
        ratios = np.exp(rng.normal(0, 0.22, 3))
        found.append([*at, *(ratios / np.prod(ratios) ** (1 / 3)), rng.uniform(-6, 6) if found else 0.0])
    return np.array(found)


def _plan(lesion: Lesion, shape: Shape, size: float) -> LesionPlan:
    points, lobes = reference_lung_points(shape, 4.0)
    points = points[np.isin(lobes, LOBES_OF[lesion.lobe])]
    depth, _ = depth_and_lobe(points, shape)
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    plan = LesionPlan(lesion, box, _centres(lesion, points, depth, box), 0.0, size)
    wanted = lesion.volume_ml * 1000.0 / size**3
    level = _level(plan, points, depth, wanted, 4.0)
    if wanted < 60_000:
        # a lattice of 4 mm is too coarse for it: look closer where it lies, up to the pleura
        around, _ = reference_lung_points(shape, 4.0, margin=4.0)
        depth, _ = depth_and_lobe(around, shape)
        out = np.empty(len(around))
        _score_points(around, depth, *plan.numbers, out)
        near = around[out > level - 10.0]
        step = 1.0 if wanted < 8_000 else 2.0
        fine = (np.stack(np.meshgrid(*[np.arange(-2.0 + step / 2, 2.0, step)] * 3, indexing="ij"), -1)).reshape(-1, 3)
        points = (near[:, None] + fine[None]).reshape(-1, 3)
        depth, lobes = depth_and_lobe(points, shape)
        inside = np.isin(lobes, LOBES_OF[lesion.lobe])
        level = _level(plan, points[inside], depth[inside], wanted, step)
    return LesionPlan(lesion, box, plan.centres, level, size)


def plan_lesion(
    lesion: Lesion, points: npt.NDArray[np.float64], depth: npt.NDArray[np.float64], organ_ml: float
) -> LesionPlan:
    """Plan a lesion in a real lung of ``organ_ml``, of which evenly spread points (n, 3) and depths (n,) are given."""
    box = np.concatenate([points.min(axis=0), points.max(axis=0)])
    plan = LesionPlan(lesion, box, _centres(lesion, points, depth, box), 0.0, 1.0)
    level = _level(plan, points, depth, lesion.volume_ml, (organ_ml / len(points)) ** (1 / 3))
    return LesionPlan(lesion, box, plan.centres, level, 1.0)


def _level(
    plan: LesionPlan, points: npt.NDArray[np.float64], depth: npt.NDArray[np.float64], wanted: float, step: float
) -> float:
    out = np.empty(len(points))
    _score_points(points, depth, *plan.numbers, out)
    share = wanted / (len(points) * step**3)
    if share >= 1.0:
        raise WrongUse(
            f"{plan.lesion.volume_ml} mL do not fit into the {plan.lesion.lobe.replace('_', ' ')}",
            remedy="Plant less, or into several lobes.",
        )
    return float(np.quantile(out, 1.0 - share))


@_jit
def _draw_kernel(box, affine, m, scale, wanted, lobe, lung_depth, plan, level, edge, fine_mm, out):  # type: ignore[no-untyped-def]
    """Share of the lesion and its texture in the voxels of a box."""
    pattern, lobe_box, centres, rough, wave, seed = plan
    share, texture = out
    for i in range(box[0], box[3]):
        for j in range(box[1], box[4]):
            for k in range(box[2], box[5]):
                if not wanted[lobe[i, j, k]]:
                    continue
                px = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                py = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                pz = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                x, y, z, _, _ = to_reference(px, py, pz, m)
                depth = lung_depth[i, j, k] / scale
                s = score(x, y, z, depth, pattern, lobe_box, centres, rough, wave, seed) - level
                s = s / edge
                if s < -1.5:
                    continue
                value = 1.0 / (1.0 + exp(-4.4 * s))
                share[i, j, k] = value
                texture[i, j, k] = lobular(x, y, z, fine_mm, seed)


@_jit
def _net_kernel(affine, m, scale, lobe, lung_depth, strength, cell, sheet, seed, added):  # type: ignore[no-untyped-def]
    """Fine lines, strongest under the pleura and at the base: thickened septa."""
    for i in range(lobe.shape[0]):
        for j in range(lobe.shape[1]):
            for k in range(lobe.shape[2]):
                if lobe[i, j, k] == 0:
                    continue
                px = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                py = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                pz = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                x, y, z, _, _ = to_reference(px, py, pz, m)
                depth = lung_depth[i, j, k] / scale
                a = ripple(x, y, z, cell, seed + 31) / sheet
                c = ripple(x + 50.0, y, z, cell * 0.8, seed + 37) / sheet
                line = max(exp(-a * a), exp(-c * c))
                added[i, j, k] += strength * line * (0.35 + 0.65 * exp(-depth / 22.0))


def _box_of(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """First and one-past-last index along each axis, for the compiled functions; zeros where the mask is empty."""
    if not mask.any():
        return np.zeros(6, dtype=np.int64)
    box = bounding_box(mask)
    return np.array([span.start for span in box] + [span.stop for span in box], dtype=np.int64)


def overlaid(
    drawn: Iterable[tuple[Lesion, Floats32, Floats32]], shape: tuple[int, ...]
) -> tuple[Floats32, Floats32, Floats32, Floats32]:
    """Lay lesions over one another: fluid wins over solid and solid over haze, and haze takes the denser.

    Parameters
    ----------
    drawn : iterable of (Lesion, ndarray, ndarray)
        Each with its share of every voxel and its texture.
    shape : tuple of int
        Of the grid.

    Returns
    -------
    added : ndarray
        HU that haze adds.
    haze, solid, fluid : ndarray
        Shares of every voxel.
    """
    added, haze, solid, fluid = (np.zeros(shape, np.float32) for _ in range(4))
    for lesion, share, texture in drawn:
        if lesion.kind == "ground_glass":
            np.maximum(added, share * texture * np.float32(lesion.added_hu), out=added)
            np.maximum(haze, share, out=haze)
        else:
            into = solid if lesion.kind == "consolidation" else fluid
            np.maximum(into, share, out=into)
    solid *= 1.0 - fluid
    haze = np.minimum(haze, 1.0 - solid) * (1.0 - fluid)
    return added, haze, solid, fluid


def draw_lesions(
    geometry: Geometry,
    lesions: tuple[Lesion | Nodule, ...],
    shape: Shape,
    motion: Motion,
    body: BodyOnGrid,
    trees: TreesOnGrid,
    *,
    markings: float = 0.0,
    seed: int = 1,
) -> LesionsOnGrid:
    """Plant lesions, those that overlap as `overlaid` does."""
    size, scale = soft_size(geometry), motion.mean_scale
    areas = [lesion for lesion in lesions if not isinstance(lesion, Nodule)]
    drawn = ((one, *_drawn(one, geometry, shape, motion, body)) for one in areas)
    added, haze, solid, fluid = overlaid(drawn, geometry.shape)
    labels, true_ml = _truth(geometry, body, trees, haze, solid)
    labels[fluid >= 0.5] = 0
    spots = [lesion for lesion in lesions if isinstance(lesion, Nodule)]
    findings = [_draw_spot(spot, geometry, shape, motion, solid, labels) for spot in spots]
    if markings > 0:
        affine, strength = np.ascontiguousarray(geometry.affine), markings * 160.0
        _net_kernel(
            affine, motion.packed(), scale, body.lobe, body.lung_depth, strength, 15.0, 0.09 / scale, seed, added
        )
    return LesionsOnGrid(added, solid, fluid, labels, true_ml, tuple(findings), size)


def _drawn(
    lesion: Lesion, geometry: Geometry, shape: Shape, motion: Motion, body: BodyOnGrid
) -> tuple[Floats32, Floats32]:
    """Share of one lesion in each voxel, and its texture (about 1)."""
    scale = motion.mean_scale
    wanted = np.isin(np.arange(6), LOBES_OF[lesion.lobe])
    plan = _plan(lesion, shape, scale)
    share, texture = np.zeros(geometry.shape, np.float32), np.zeros(geometry.shape, np.float32)
    place = (_box_of(wanted[body.lobe]), np.ascontiguousarray(geometry.affine), motion.packed(), scale)
    edge = lesion.edge_mm / scale
    out = (share, texture)
    _draw_kernel(*place, wanted, body.lobe, body.lung_depth, plan.numbers, plan.level, edge, TEXTURE_MM, out)
    return share, texture


def _truth(
    geometry: Geometry, body: BodyOnGrid, trees: TreesOnGrid, haze: Floats32, solid: Floats32
) -> tuple[npt.NDArray[np.uint8], dict[str, float]]:
    free = (1.0 - trees.vessel) * (1.0 - trees.bronchus)
    labels = np.zeros(geometry.shape, np.uint8)
    open_lung = (body.lobe > 0) & (trees.vessel < 0.5) & (trees.bronchus < 0.5)
    either = open_lung & (haze + solid >= 0.5)
    labels[either & (haze >= solid)] = 1
    labels[either & (solid > haze)] = 2
    true_ml = {}
    for value, lobe in enumerate(LOBES, start=1):
        here = body.lobe == value
        for kind, share in (("ground_glass", haze), ("consolidation", solid)):
            amount = float((share[here] * free[here]).sum(dtype=np.float64))
            true_ml[f"{lobe}/{kind}"] = amount * geometry.voxel_ml
    return labels, true_ml


@_jit
def _minor_height(x, y, b):  # type: ignore[no-untyped-def]
    _, minor = fissures(x, y, 0.0, -1.0, b)
    return -minor


def _draw_spot(
    spot: Nodule, geometry: Geometry, shape: Shape, motion: Motion, solid: Floats32, labels: npt.NDArray[np.uint8]
) -> TrueFinding:
    z = float(_minor_height(spot.x, spot.y, shape.packed()))
    centre = motion.from_reference(np.array([spot.x, spot.y, z]))
    radius = spot.diameter_mm / 2
    h = soft_size(geometry)
    reach = (radius + 2 * h) / np.array(geometry.spacing) + 1
    at = geometry.to_index(centre)
    low = np.maximum(0, np.floor(at - reach)).astype(int)
    high = np.minimum(geometry.shape, np.ceil(at + reach) + 1).astype(int)
    box = tuple(slice(a, e) for a, e in zip(low, high, strict=True))
    index = np.stack(np.meshgrid(*(np.arange(a, e) for a, e in zip(low, high, strict=True)), indexing="ij"), -1)
    distance = np.linalg.norm(geometry.to_lps(index) - centre, axis=-1)
    share = np.clip(0.5 + (radius - distance) / h, 0, 1).astype(np.float32)
    np.maximum(solid[box], share, out=solid[box])
    labels[box][share >= 0.5] = 0
    return TrueFinding(
        "round_spot",
        (float(centre[0]), float(centre[1]), float(centre[2])),
        spot.diameter_mm,
        float(4 / 3 * np.pi * radius**3 / 1000),
        "right minor fissure",
    )
