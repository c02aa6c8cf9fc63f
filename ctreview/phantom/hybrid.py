"""Real scans with planted opacity and a known deformation.

Ground glass, consolidation and effusion of known mask are put into a real CT, which then may breathe (mass kept),
bend, and be scanned again with another kernel and other noise. What the scan itself held before is not known to us:
use one that was read as normal.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, floor

import edt
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ctreview.compiled import compiled
from ctreview.errors import WrongUse
from ctreview.phantom.lesions import TEXTURE_MM, Lesion, LesionPlan, overlaid, plan_lesion, score
from ctreview.phantom.motion import Bump, Motion, bump_ratio, to_reference, triple
from ctreview.phantom.scanner import KERNELS, noise
from ctreview.phantom.schemes import LOBE_SCHEME, LOBES, LUNG_SCHEME, OPACITY_SCHEME, VESSEL_SCHEME
from ctreview.phantom.texture import lobular
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import FloatArray, Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Host", "Hybrid", "HybridSettings", "make_hybrid"]

Floats32 = npt.NDArray[np.float32]

_REFERENCE_BOX = np.array([(-137.0, -89.0, -157.0), (136.0, 94.0, 125.0)])
"""Corners of the lungs of the reference body: a scan's lungs are fitted into it so that they breathe alike."""
SOFT_TISSUE_HU = 40.0
_SIDES = ("right_lung", "left_lung")


@dataclass(frozen=True)
class HybridSettings:
    """What happens to the scan after lesions were planted.

    Attributes
    ----------
    breath_depth : float
        1 as it was; 0 would leave 0.44 of the lungs' volume; above 1 deeper.
    offset : tuple of float
        How far the patient moved, LPS millimetres.
    turn_degrees : float
        Rotation about the long axis.
    bumps : tuple of Bump
        Smooth local shifts; centres in millimetres from the middle of the reference (carina).
    blur_mm : float
        Further blur in the plane: a softer kernel.
    sharpening : float
        Unsharp mask of 1 mm: a sharper kernel.
    noise_hu : float
        Noise that is added.
    seed : int
        Of the noise.
    """

    breath_depth: float = 1.0
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_degrees: float = 0.0
    bumps: tuple[Bump, ...] = ()
    blur_mm: float = 0.0
    sharpening: float = 0.0
    noise_hu: float = 0.0
    seed: int = 1

    @property
    def moves(self) -> bool:
        """Whether anything is deformed."""
        return bool(self.breath_depth != 1.0 or any(self.offset) or self.turn_degrees or self.bumps)


@dataclass(frozen=True, eq=False)
class Host:
    """A real scan that lesions are planted into, with what is worked out once.

    Attributes
    ----------
    volume : Volume
        CT in HU.
    lungs : LabelMap
        right_lung and left_lung (other labels are left alone).
    vessels : LabelMap
        Everything in it is kept out of the truth.
    lobes : LabelMap or None
        The five lobes; they move with the lung, so that what is planted is known by lobe.
    """

    volume: Volume
    lungs: LabelMap
    vessels: LabelMap
    lobes: LabelMap | None = None

    def __post_init__(self) -> None:
        require_same_grid(self.volume, self.lungs, self.vessels, *(() if self.lobes is None else (self.lobes,)))
        if not self.sides.any():
            raise WrongUse("nothing can be planted: the mask holds no lung")

    @cached_property
    def sides(self) -> npt.NDArray[np.uint8]:
        """1 in the right lung, 2 in the left, else 0."""
        sides = np.zeros(self.lungs.geometry.shape, np.uint8)
        for value, key in enumerate(_SIDES, start=1):
            if any(label.key == key for label in self.lungs.scheme):
                sides[self.lungs.mask(key)] = value
        return sides

    @cached_property
    def box(self) -> Box:
        """Where lung is, with two voxels around it."""
        return bounding_box(self.sides, 2)

    @cached_property
    def depth(self) -> Floats32:
        """Millimetres to the border of the lung, in the box."""
        spacing = self.volume.geometry.spacing
        return np.asarray(edt.edt(self.sides[self.box] > 0, anisotropy=spacing, black_border=True), dtype=np.float32)

    @cached_property
    def smooth(self) -> Floats32:
        """HU without most of the noise, in the box."""
        sigma = np.array([0.0, 0.8, 0.8]) / self.volume.geometry.spacing
        return np.asarray(gaussian_filter(self.volume.array[self.box].astype(np.float32), sigma, truncate=2.5))

    @cached_property
    def parenchyma_hu(self) -> float:
        """Median HU of lung without vessels."""
        inside = (self.sides[self.box] > 0) & (self.vessels.array[self.box] == 0)
        return float(np.median(self.smooth[inside]))

    @cached_property
    def motion(self) -> Motion:
        """The scan as it is: its lungs fitted into the box of the reference's."""
        index = np.argwhere(self.sides[::2, ::4, ::4] > 0) * (2, 4, 4)
        points = self.volume.geometry.to_lps(index)
        low, high = points.min(axis=0), points.max(axis=0)
        sides = len(np.unique(self.sides)) - 1
        width = _REFERENCE_BOX[1] - _REFERENCE_BOX[0]
        scale = (high - low) / width
        if sides < 2:
            scale[0] = scale[1:].mean()
        middle = 0.5 * (low + high) - scale * _REFERENCE_BOX.mean(axis=0)
        gravity = -1 if (self.volume.acquisition.posture or "HFS").endswith("P") else 1
        return Motion(triple(scale), 1.0, gravity, triple(middle))

    def points(self, side: str, step_mm: float) -> tuple[FloatArray, FloatArray]:
        """About one place of a lung in each cube of ``step_mm``: LPS millimetres (n, 3), and depth (n,)."""
        steps = np.maximum(1, np.round(step_mm / np.array(self.volume.geometry.spacing))).astype(int)
        part = tuple(slice(None, None, int(s)) for s in steps)
        inside = self.sides[self.box][part] == _SIDES.index(side) + 1
        index = np.argwhere(inside) * steps
        start = np.array([s.start for s in self.box])
        return self.volume.geometry.to_lps(index + start), self.depth[part][inside].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Hybrid:
    """A real scan with known opacity, and where its points lie in the scan it came from.

    Attributes
    ----------
    volume : Volume
        The image.
    lungs, vessels : LabelMap
        Those of the host, deformed; effusion is not lung.
    opacity : LabelMap
        ground_glass, consolidation; voxels that the lesion covers by half or more, without vessels.
    true_ml : mapping of str to float
        ``"right_lung/ground_glass"`` and so on, from covered shares.
    motion : Motion
        For `true_correspondence` and `true_transform` between two hybrids of one host.
    lesions, settings
        What it was made from.
    """

    volume: Volume
    lungs: LabelMap
    vessels: LabelMap
    opacity: LabelMap
    true_ml: Dict[str, float]
    motion: Motion
    lesions: tuple[Lesion, ...] = ()
    settings: HybridSettings = field(default_factory=HybridSettings)
    lobes: LabelMap | None = None


def make_hybrid(host: Host, lesions: tuple[Lesion, ...] = (), *, settings: HybridSettings | None = None) -> Hybrid:
    """Plant lesions into a real scan, then breathe, bend and scan it again.

    Parameters
    ----------
    host : Host
        The scan and its masks.
    lesions : tuple of Lesion
        Their ``lobe`` must be ``"right_lung"`` or ``"left_lung"``; volumes are those in the host, before breathing.
        Ground glass adds HU to lung tissue in proportion to the lung in a voxel, so that vessels keep their density
        and shine through, and air in bronchi stays air.
    settings : HybridSettings, optional
        What happens after that; nothing by default.

    Returns
    -------
    Hybrid
        On a grid of the host's shape and spacing. Where nothing moves it has the host's frame of reference, else one
        of its own.
    """
    settings = settings or HybridSettings()
    planted = _plant(host, lesions)
    motion = replace(
        host.motion,
        breath_depth=settings.breath_depth,
        offset=triple(np.add(host.motion.offset, settings.offset)),
        turn_degrees=settings.turn_degrees,
        bumps=settings.bumps,
    )
    if settings.moves:
        planted = _moved(host, planted, motion)
    geometry = host.volume.geometry
    if settings.moves:
        geometry = replace(geometry, frame_of_reference=f"{geometry.frame_of_reference}.{settings.seed % 10000}")
    image = _rescanned(planted.image, geometry, settings)
    labels, true_ml = planted.truth(geometry)
    acquisition = host.volume.acquisition
    return Hybrid(
        volume=Volume(image, geometry, "HU", acquisition),
        lungs=LabelMap(planted.sides, geometry, LUNG_SCHEME),
        vessels=LabelMap(planted.vessels, geometry, VESSEL_SCHEME),
        opacity=LabelMap(labels, geometry, OPACITY_SCHEME),
        true_ml=true_ml,
        motion=motion,
        lesions=lesions,
        settings=settings,
        lobes=None if host.lobes is None else LabelMap(planted.lobes, geometry, LOBE_SCHEME),
    )


@dataclass(frozen=True, eq=False)
class _Planted:
    """Image, masks and shares on one grid; lobes are 0 where the host's are not known."""

    image: Floats32
    sides: npt.NDArray[np.uint8]
    vessels: npt.NDArray[np.uint8]
    lobes: npt.NDArray[np.uint8]
    haze: Floats32
    solid: Floats32

    def truth(self, geometry: Geometry) -> tuple[npt.NDArray[np.uint8], dict[str, float]]:
        open_lung = (self.sides > 0) & (self.sides < 3) & (self.vessels == 0)
        either = open_lung & (self.haze + self.solid >= 0.5)
        labels = np.zeros(geometry.shape, np.uint8)
        labels[either] = np.where(self.solid[either] > self.haze[either], 2, 1)
        true_ml = {}
        for value, side in enumerate(_SIDES, start=1):
            here = open_lung & (self.sides == value)
            for kind, share in (("ground_glass", self.haze), ("consolidation", self.solid)):
                true_ml[f"{side}/{kind}"] = float(share[here].sum(dtype=np.float64)) * geometry.voxel_ml
        return labels, true_ml


@compiled()
def _share_kernel(start, affine, sides, side, depth, plan, level, edge, fine_mm, reach, out):  # type: ignore[no-untyped-def]
    pattern, box, centres, rough, wave, seed = plan
    share, texture = out
    for i in range(sides.shape[0]):
        for j in range(sides.shape[1]):
            for k in range(sides.shape[2]):
                if sides[i, j, k] != side:
                    continue
                a, b, c = i + start[0], j + start[1], k + start[2]
                x = affine[0, 0] * a + affine[0, 1] * b + affine[0, 2] * c + affine[0, 3]
                y = affine[1, 0] * a + affine[1, 1] * b + affine[1, 2] * c + affine[1, 3]
                z = affine[2, 0] * a + affine[2, 1] * b + affine[2, 2] * c + affine[2, 3]
                if score(x, y, z, depth[i, j, k], pattern, box, centres, 0.0, wave, seed) < level - reach:
                    continue
                s = (score(x, y, z, depth[i, j, k], pattern, box, centres, rough, wave, seed) - level) / edge
                if s < -1.5:
                    continue
                share[i, j, k] = 1.0 / (1.0 + exp(-4.4 * s))
                texture[i, j, k] = lobular(x, y, z, fine_mm, seed)


def _plan(host: Host, lesion: Lesion) -> LesionPlan:
    if lesion.lobe not in _SIDES:
        raise WrongUse(
            f"a hybrid does not know the {lesion.lobe.replace('_', ' ')}", remedy="Name the right or the left lung."
        )
    points, depth = host.points(lesion.lobe, 1.0 if lesion.volume_ml < 5 else 2.0)
    if not len(points):
        raise WrongUse(f"the {lesion.lobe.replace('_', ' ')} is not in this scan")
    voxels = np.count_nonzero(host.sides == _SIDES.index(lesion.lobe) + 1)
    return plan_lesion(lesion, points, depth, voxels * host.volume.geometry.voxel_ml)


def _shares(host: Host, lesion: Lesion) -> tuple[Floats32, Floats32]:
    """Share and texture of a lesion in the host's box."""
    plan = _plan(host, lesion)
    sides = host.sides[host.box]
    out = (np.zeros(sides.shape, np.float32), np.zeros(sides.shape, np.float32))
    start = np.array([s.start for s in host.box], dtype=np.float64)
    affine = np.ascontiguousarray(host.volume.geometry.affine)
    reach = 2.2 * plan.numbers[3] + 2 * lesion.edge_mm
    fixed = (plan.numbers, plan.level, lesion.edge_mm, 0.8 * TEXTURE_MM, reach)

    def slab(first: int) -> None:
        rows = slice(first, first + 8)
        part = (out[0][rows], out[1][rows])
        here = start + np.array([first, 0.0, 0.0])
        _share_kernel(here, affine, sides[rows], _SIDES.index(lesion.lobe) + 1, host.depth[rows], *fixed, part)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(slab, range(0, sides.shape[0], 8)))
    return out


def _plant(host: Host, lesions: tuple[Lesion, ...]) -> _Planted:
    box = host.box
    drawn = ((lesion, *_shares(host, lesion)) for lesion in lesions)
    added, haze, solid, fluid = overlaid(drawn, host.depth.shape)
    original = host.volume.array[box].astype(np.float32)
    image = original + added * _lung_share(host)
    # solid: soft tissue with the scan's own noise; air in bronchi stays
    rest = original - host.smooth
    air = np.clip((host.parenchyma_hu - 45.0 - host.smooth) / 45.0, 0, 1)
    image += solid * (1.0 - 0.8 * air) * (32.0 + rest - image)
    image += fluid * (12.0 + rest - image)
    whole = host.volume.array.astype(np.float32)
    whole[box] = image
    full = []
    for part in (haze, solid, fluid):
        array = np.zeros(whole.shape, np.float32)
        array[box] = part
        full.append(array)
    sides = np.where(full[2] >= 0.5, 0, host.sides).astype(np.uint8)
    if any(label.key == "trachea_and_main_bronchi" for label in host.lungs.scheme):
        sides[host.lungs.mask("trachea_and_main_bronchi")] = 3
    vessels = np.minimum(host.vessels.array, 2).astype(np.uint8)
    lobes = np.zeros(whole.shape, np.uint8)
    if host.lobes is not None:
        for value, key in enumerate(LOBES, start=1):
            lobes[host.lobes.mask(key) & (sides > 0)] = value
    return _Planted(whole, sides, vessels, lobes, full[0], full[1])


def _lung_share(host: Host) -> Floats32:
    """How much of a voxel is lung tissue between vessel (0) and parenchyma (1); 0 in the lumen of a bronchus."""
    vessel = (SOFT_TISSUE_HU - host.smooth) / (SOFT_TISSUE_HU - host.parenchyma_hu)
    lumen = (host.smooth - (host.parenchyma_hu - 110.0)) / 50.0
    return np.asarray(np.clip(vessel, 0, 1) * np.clip(lumen, 0, 1), dtype=np.float32)


@compiled()
def _cubic(t):  # type: ignore[no-untyped-def]
    """Weights of four neighbours (Catmull–Rom)."""
    return (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )


@compiled()
def _sample_cubic(image, index):  # type: ignore[no-untyped-def]
    n0, n1, n2 = image.shape
    i0, j0, k0 = floor(index[0]), floor(index[1]), floor(index[2])
    wi, wj, wk = _cubic(index[0] - i0), _cubic(index[1] - j0), _cubic(index[2] - k0)
    value = 0.0
    for p in range(4):
        i = min(max(i0 + p - 1, 0), n0 - 1)
        for q in range(4):
            j = min(max(j0 + q - 1, 0), n1 - 1)
            w = wi[p] * wj[q]
            for r in range(4):
                value += w * wk[r] * image[i, j, min(max(k0 + r - 1, 0), n2 - 1)]
    return value


@compiled()
def _sample_linear(image, index):  # type: ignore[no-untyped-def]
    n0, n1, n2 = image.shape
    i, j, k = floor(index[0]), floor(index[1]), floor(index[2])
    u, v, w = index[0] - i, index[1] - j, index[2] - k
    ii, jj, kk = min(i + 1, n0 - 1), min(j + 1, n1 - 1), min(k + 1, n2 - 1)
    low = (image[i, j, k] * (1 - w) + image[i, j, kk] * w) * (1 - v) + (
        image[i, jj, k] * (1 - w) + image[i, jj, kk] * w
    ) * v
    high = (image[ii, j, k] * (1 - w) + image[ii, j, kk] * w) * (1 - v) + (
        image[ii, jj, k] * (1 - w) + image[ii, jj, kk] * w
    ) * v
    return low * (1 - u) + high * u


@compiled()
def _warp_kernel(start, box, affine, inverse, moving, fixed, image, masks, shares, out):  # type: ignore[no-untyped-def]
    """Pull everything back from the host; HU of lung tissue follow the change of volume."""
    (sides, vessels, lobes), (haze, solid) = masks, shares
    new_image, new_sides, new_vessels, new_lobes, new_haze, new_solid = out
    n0, n1, n2 = image.shape
    index = np.empty(3)
    for i in range(new_image.shape[0]):
        for j in range(new_image.shape[1]):
            for k in range(new_image.shape[2]):
                a = i + start
                px = affine[0, 0] * a + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                py = affine[1, 0] * a + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                pz = affine[2, 0] * a + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                x, y, z, _, ratio = to_reference(px, py, pz, moving)
                x, y, z = x * fixed[0] + fixed[7], y * fixed[1] + fixed[8], z * fixed[2] + fixed[9]
                for axis in range(3):
                    index[axis] = inverse[axis, 0] * x + inverse[axis, 1] * y + inverse[axis, 2] * z + inverse[axis, 3]
                # beyond its field of view the scan is continued by its edge values
                index[0] = min(max(index[0], 0.0), n0 - 1.0)
                index[1] = min(max(index[1], 0.0), n1 - 1.0)
                index[2] = min(max(index[2], 0.0), n2 - 1.0)
                near = box[0] <= index[0] <= box[3] and box[1] <= index[1] <= box[4] and box[2] <= index[2] <= box[5]
                value = _sample_cubic(image, index) if near else _sample_linear(image, index)
                if not near:
                    new_image[i, j, k] = value
                    continue
                ni, nj, nk = floor(index[0] + 0.5), floor(index[1] + 0.5), floor(index[2] + 0.5)
                ni, nj, nk = min(max(ni, 0), n0 - 1), min(max(nj, 0), n1 - 1), min(max(nk, 0), n2 - 1)
                side = sides[ni, nj, nk]
                if 1 <= side <= 2:
                    ratio *= bump_ratio(px, py, pz, moving)
                    # all of it in aerated lung, none in soft tissue, which cannot be squeezed
                    tissue = min(1.0, max(0.0, (-100.0 - value) / 400.0))
                    value += tissue * (1000.0 + value) * (1.0 / ratio - 1.0)
                new_image[i, j, k] = value
                new_sides[i, j, k] = side
                new_vessels[i, j, k] = vessels[ni, nj, nk]
                new_lobes[i, j, k] = lobes[ni, nj, nk]
                new_haze[i, j, k] = _sample_linear(haze, index)
                new_solid[i, j, k] = _sample_linear(solid, index)


def _moved(host: Host, planted: _Planted, motion: Motion) -> _Planted:
    shape = planted.image.shape
    out = (
        np.empty(shape, np.float32),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )
    affine = np.ascontiguousarray(host.volume.geometry.affine)
    inverse, moving, fixed = np.linalg.inv(affine), motion.packed(), host.motion.packed()
    box = np.array([s.start - 2.0 for s in host.box] + [s.stop + 2.0 for s in host.box])
    masks = (planted.sides, planted.vessels, planted.lobes)
    given = (planted.image, masks, (planted.haze, planted.solid))

    def slab(start: int) -> None:
        part = tuple(array[start : start + 8] for array in out)
        _warp_kernel(start, box, affine, inverse, moving, fixed, *given, part)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(slab, range(0, shape[0], 8)))
    return _Planted(*out)


def _rescanned(image: Floats32, geometry: Geometry, settings: HybridSettings) -> npt.NDArray[np.int16]:
    spacing = np.array(geometry.spacing)
    if settings.blur_mm > 0:
        image = gaussian_filter(image, np.array([0.0, settings.blur_mm, settings.blur_mm]) / spacing, truncate=3.0)
    if settings.sharpening > 0:
        wide = np.array([0.0, 1.0, 1.0]) / spacing
        image = image + settings.sharpening * (image - gaussian_filter(image, wide, truncate=3.0))
    if settings.noise_hu > 0:
        kernel = KERNELS["sharp" if settings.sharpening > 0 else "soft"]
        rng = np.random.default_rng([settings.seed, 13])
        image = image + noise(geometry, kernel, settings.noise_hu / kernel.noise_factor, rng)
    return np.clip(np.rint(image), -1024, 3071).astype(np.int16)
