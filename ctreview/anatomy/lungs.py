"""Right and left lung, with vessels and dense lung, without trachea and main bronchi."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import edt
import fill_voids
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.coarse import Coarse, closed, dilated, eroded, opened
from ctreview.checks import Check
from ctreview.errors import SegmentationFailed, WrongUse
from ctreview.progress import Progress, quiet
from ctreview.volume.geometry import require_same_place
from ctreview.volume.labels import Code, Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

__all__ = ["LUNG_SCHEME", "LungSettings", "find_lungs"]

Mask = npt.NDArray[np.bool_]

_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
_LUNG = Code("39607008", "SCT", "Lung")

LUNG_SCHEME = Scheme(
    (
        Label(1, "right_lung", (86, 180, 233), _LUNG, _STRUCTURE, Code("24028007", "SCT", "Right")),
        Label(2, "left_lung", (0, 114, 178), _LUNG, _STRUCTURE, Code("7771000", "SCT", "Left")),
        Label(
            3, "trachea_and_main_bronchi", (240, 228, 66), Code("110726009", "SCT", "Trachea and bronchus"), _STRUCTURE
        ),
    )
)


@dataclass(frozen=True)
class LungSettings:
    coarse_mm: float = 2.25
    border_hu: float = -320.0
    outside_air_hu: float = -968.0
    smallest_lung_ml: float = 40.0
    hilum_mm: float = 7.0


def find_lungs(volume: Volume, *, settings: LungSettings = LungSettings(), prior: LabelMap | None = None,
               progress: Progress = quiet) -> LabelMap:
    """Find both lungs, or the one there is."""
    if volume.unit != "HU":
        raise WrongUse("lungs are found in HU")
    if prior is not None:
        require_same_place(volume, prior)
    progress(0, 5, "lungs")
    c = Coarse.of(volume.array, volume.geometry, settings.coarse_mm)
    hu, sp = c.array, c.spacing
    air = hu < -400
    # outside air: wide, touching the border within the slice, as thin as air
    wide = cc3d.connected_components(opened(air, 10.0, sp), connectivity=6)
    edge = np.zeros(hu.shape, bool); edge[:, [0, -1]] = True; edge[:, :, [0, -1]] = True
    outside = np.zeros_like(air)
    for k in np.unique(wide[edge & (wide > 0)]):
        if np.median(hu[wide == k]) < settings.outside_air_hu:
            outside |= wide == k
    outside = dilated(outside, 2 * 10.0, sp) & air if False else (dilated(outside, 3.0, sp) & air)
    tissue = hu > -300
    body = opened(tissue, 6.0, sp)
    body = cc3d.largest_k(body, k=1, connectivity=6) > 0
    inside = air & ~outside
    trachea = _airway(hu, inside, sp)
    candidates = inside & ~dilated(trachea, 2.0, sp) if trachea.any() else inside
    lab = cc3d.connected_components(candidates, connectivity=6)
    between = np.logical_or.accumulate(body, axis=1) & np.logical_or.accumulate(body[:, ::-1], axis=1)[:, ::-1]
    stats = cc3d.statistics(lab)
    sizes = stats["voxel_counts"] * c.voxel_ml
    chosen, widest = [], 0.0
    for k in np.argsort(-sizes):
        if k == 0 or sizes[k] < settings.smallest_lung_ml:
            continue
        box = stats["bounding_boxes"][k]
        m = lab[box] == k
        core = eroded(m, 3.0, sp)
        if not core.any():
            continue
        if np.median(hu[box][core]) < settings.outside_air_hu:
            continue
        if between[box][m].mean() < 0.7:
            continue
        top, size = box[0].stop, sizes[k]
        wide_mm = float(edt.edt(m, anisotropy=sp, black_border=False).max())
        if wide_mm < max(9.0, 0.5 * widest):
            continue
        widest = max(widest, wide_mm)
        if chosen and (size < 0.08 * sizes[chosen[0]] or top < stats["centroids"][chosen[0]][0]):
            continue
        chosen.append(int(k))
    if not chosen:
        raise SegmentationFailed("no lung was found in this image", where=None,
                                 remedy="Check that the image is a CT of the thorax in HU.")
    progress(1, 5, "lungs")
    mask = np.isin(lab, chosen)
    sides = _split(mask, body, sp, c)
    progress(2, 5, "lungs")
    filled = np.zeros(hu.shape, np.uint8)
    others = outside | (dilated(trachea, 2.0, sp) if trachea.any() else outside)
    for v in (1, 2):
        m = sides == v
        if not m.any():
            continue
        m = closed(np.pad(m, 6, mode="edge"), settings.hilum_mm, sp)[6:-6, 6:-6, 6:-6] & ~others
        m = fill_voids.fill(m)
        filled[m & (filled == 0)] = v
    progress(3, 5, "lungs")
    out = _fine(volume, c, filled, sides, trachea, settings)
    progress(4, 5, "lungs")
    lungs = LabelMap(out, volume.geometry, LUNG_SCHEME)
    return LabelMap(out, volume.geometry, LUNG_SCHEME, tuple(_checks(lungs)))


def _airway(hu, inside, sp):
    """Grow the trachea from round holes in the upper slices."""
    empty = np.zeros(hu.shape, bool)
    lumen = hu < -750
    pixel = sp[1] * sp[2]
    n = hu.shape[0]
    best = None
    middle = np.argwhere(inside).mean(axis=0)[1:] if inside.any() else np.array(hu.shape[1:]) / 2
    for z in range(n - 1, n // 2, -1):
        lab, count = cc3d.connected_components(lumen[z] & inside[z], connectivity=4, return_N=True)
        st = cc3d.statistics(lab)
        for k in range(1, count + 1):
            area = st["voxel_counts"][k] * pixel
            if not 20 < area < 700:
                continue
            by, bx = st["bounding_boxes"][k]
            h, w = (by.stop - by.start) * sp[1], (bx.stop - bx.start) * sp[2]
            if max(h, w) > 2.2 * min(h, w) + 2 or area < 0.5 * h * w:
                continue
            y, x = st["centroids"][k]
            if abs(x - middle[1]) * sp[2] > 45:
                continue
            seed = (lab == k)
            ring = dilated(seed, 6.0, (sp[1], sp[2])) & ~dilated(seed, 3.5, (sp[1], sp[2]))
            if hu[z][ring].mean() < -350:
                continue
            score = np.median(hu[z][seed])
            if best is None:
                best = (z, seed)
        if best is not None:
            break
    if best is None:
        return empty
    z0, seed = best
    previous = None
    for t in (-960, -940, -920, -900, -880, -860, -840, -820, -800):
        lab = cc3d.connected_components((hu < t) & inside, connectivity=6)
        ids = np.unique(lab[z0][seed & (lab[z0] > 0)])
        grown = np.isin(lab, ids) if len(ids) else empty
        ml = grown.sum() * np.prod(sp) / 1000
        if previous is not None and previous[1] > 1 and ml > 1.6 * previous[1] + 5:
            break
        if ml > 150:
            break
        previous = (grown, ml)
    if previous is None:
        return empty
    return dilated(previous[0], 1.5, sp) & inside & (hu < -500) if previous[0].any() else empty


def _split(mask, body, sp, c):
    """Number the right and the left lung."""
    lab = cc3d.connected_components(mask, connectivity=6)
    xs = np.argwhere(body)[:, 2]
    out = np.zeros(mask.shape, np.uint8)
    centre = _midline(mask, body)
    parts = []
    for k in range(1, lab.max() + 1):
        m = lab == k
        x = np.nonzero(m)[2]
        share = (x > centre).mean()
        if 0.12 < share < 0.88:
            parts += _cut(m, sp)
        else:
            parts.append(m)
    for m in parts:
        x = np.nonzero(m)[2]
        side = 1 if x.mean() < centre else 2
        if len(parts) == 1:
            side = _lone_side(c.array, m, sp)
        out[m] = side
    return out


def _lone_side(hu, m, sp):
    """Spine and heart lie to the left of a right lung, outer air to its right."""
    x = np.nonzero(m)[2].mean()
    bone = eroded(hu > 150, 4.0, sp)
    return 1 if bone.any() and np.nonzero(bone)[2].mean() > x else 2


def _midline(mask, body):
    x = np.nonzero(mask)[2]
    b = np.nonzero(body)[2]
    return 0.5 * (np.percentile(b, 1) + np.percentile(b, 99))


def _cut(m, sp):
    for r in (2.0, 4.0, 6.0, 9.0, 12.0, 16.0):
        e = eroded(m, r, sp)
        lab = cc3d.connected_components(e, connectivity=6)
        n = np.bincount(lab.ravel())[1:]
        if len(n) > 1:
            a, b = np.argsort(-n)[:2]
            if n[b] > 0.2 * n[a]:
                A = dilated(lab == a + 1, r, sp)
                da = edt.edt(lab != a + 1, anisotropy=sp); db = edt.edt(lab != b + 1, anisotropy=sp)
                return [m & (da <= db), m & (da > db)]
    return [m]


def _fine(volume, c, filled, sides, trachea, settings):
    a = volume.array
    sp = c.spacing
    out = np.zeros(a.shape, np.uint8)
    core = eroded(filled > 0, 1.6 * max(sp), sp)
    reach = np.zeros_like(filled)
    for v in (1, 2):
        if (filled == v).any():
            reach[dilated(filled == v, 1.6 * max(sp), sp) & ((reach == 0) | (filled == v))] = v
    if trachea.any():
        reach[dilated(trachea, 1.0, sp) & (filled == 0)] = 0
    reach_full = c.full(reach)
    out = np.where((a < settings.border_hu) | c.full(core | (filled > 0) & dilated(sides > 0, 0.1, sp) & False), reach_full, 0).astype(np.uint8)
    for v in (1, 2):
        m = out == v
        if m.any():
            m = cc3d.largest_k(m, k=1, connectivity=6) > 0
            m |= c.full(eroded(filled == v, 1.0 * max(sp), sp))
            m = fill_voids.fill(m)
            out[out == v] = 0
            out[m] = v
    air = (a < -500) & c.full(dilated(trachea, 1.0, sp)) if trachea.any() else None
    if air is not None:
        out[air & (out == 0)] = 3
    return out


def _checks(lungs):
    checks = []
    for key in ("right_lung", "left_lung"):
        m = lungs.mask(key)
        words = key.replace("_", " ")
        if not m.any():
            checks.append(Check("one_lung", words, None, False, f"No {words} was found: figures are those of the other lung alone."))
            continue
        faces = {"feet": m[0], "head": m[-1], "front": m[:, 0], "back": m[:, -1], "right": m[:, :, 0], "left": m[:, :, -1]}
        cut = [name for name, face in faces.items() if face.any()]
        checks.append(Check("lung_touches_border", ", ".join(cut) or None, None, not cut,
            f"The {words} reaches the border of the image ({', '.join(cut)}): part of it may lie outside." if cut
            else f"The {words} lies wholly inside the image."))
    ml = lungs.volume_ml("right_lung", "left_lung")
    checks.append(Check("lung_volume_plausible", round(ml, 1), "60…10000 mL", 60 < ml < 10000, f"The lungs hold {ml:.0f} mL."))
    ok = lungs.voxels["trachea_and_main_bronchi"] > 0
    checks.append(Check("airway_found", None, None, ok, "The trachea was found." if ok else "The trachea was not found."))
    return checks
