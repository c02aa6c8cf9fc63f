"""Vessels, and the walls of airways, inside the lungs."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from ctreview.anatomy.tubes import bright_and_dark
from ctreview.errors import SegmentationFailed
from ctreview.progress import Progress, quiet
from ctreview.volume.geometry import require_same_place
from ctreview.volume.labels import Code, Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

__all__ = ["VESSEL_SCHEME", "VesselSettings", "find_vessels"]

Mask = npt.NDArray[np.bool_]

_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")

VESSEL_SCHEME = Scheme(
    (
        Label(1, "vessel", (204, 121, 167), Code("59820001", "SCT", "Blood vessel"), _STRUCTURE),
        Label(2, "airway_wall", (230, 159, 0), Code("110726009", "SCT", "Trachea and bronchus"), _STRUCTURE),
    )
)


@dataclass(frozen=True)
class VesselSettings:
    grid_mm: float = 1.0
    scales_mm: tuple[float, ...] = (1.0, 1.5)
    wide_scales_mm: tuple[float, ...] = (2.5, 4.0)
    low_hu: float = 30.0
    high_hu: float = 60.0
    least_ml: float = 0.05


def find_vessels(
    volume: Volume, lungs: LabelMap, *, settings: VesselSettings = VesselSettings(), progress: Progress = quiet
) -> LabelMap:
    """Find vessels inside lungs."""
    require_same_place(volume, lungs)
    inside = lungs.mask("right_lung", "left_lung")
    if not inside.any():
        raise SegmentationFailed("no lung")
    box = _box(inside, 4)
    hu = np.clip(volume.array[box], -1024, 100).astype(np.float32)
    m = inside[box]
    sp = volume.geometry.spacing
    work_sp = tuple(max(s, settings.grid_mm) for s in sp)
    zoomed, wm = _to(hu, sp, work_sp), _to(m.astype(np.float32), sp, work_sp) > 0.5
    bright = np.zeros(zoomed.shape, np.float32)
    dark = np.zeros(zoomed.shape, np.float32)
    for s in settings.scales_mm:
        bright_and_dark(
            _smooth(zoomed, s, work_sp), wm, work_sp, s, {1.0: -750.0, 1.5: -550.0}.get(s, -550.0), bright, dark
        )
    half = tuple(max(s, 2.0) for s in work_sp)
    z2, m2 = _to(zoomed, work_sp, half), _to(wm.astype(np.float32), work_sp, half) > 0.5
    b2 = np.zeros(z2.shape, np.float32)
    d2 = np.zeros(z2.shape, np.float32)
    for s in settings.wide_scales_mm:
        bright_and_dark(_smooth(z2, s, half), m2, half, s, -320.0 if s < 3 else -250.0, b2, d2)
    bright = np.maximum(bright, _back(b2, half, work_sp, bright.shape))
    mask = (bright > settings.low_hu) & wm
    lab = cc3d.connected_components(mask, connectivity=26)
    best = ndimage.maximum(bright, lab, np.arange(lab.max() + 1))
    size = np.bincount(lab.ravel()) * np.prod(work_sp) / 1000
    keep = (best > settings.high_hu) & (size > settings.least_ml)
    keep[0] = False
    found = keep[lab]
    # background without vessels
    rest = wm & ~ndimage.binary_dilation(found, iterations=1)
    w = _smooth(rest.astype(np.float32), 6.0, work_sp)
    bg = _smooth(np.where(rest, zoomed, 0).astype(np.float32), 6.0, work_sp) / np.maximum(w, 1e-3)
    near = _back(ndimage.binary_dilation(found, iterations=1).astype(np.float32), work_sp, sp, m.shape) > 0.5
    bgf = _back(bg.astype(np.float32), work_sp, sp, m.shape)
    out = np.zeros(volume.array.shape, np.uint8)
    vessel = m & near & (hu > bgf + 110)
    out[box][vessel] = 1
    return LabelMap(out, volume.geometry, VESSEL_SCHEME)


def _box(mask, margin):
    spans = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(o for o in range(3) if o != axis)))
        spans.append(slice(max(0, int(hit[0]) - margin), min(mask.shape[axis], int(hit[-1]) + 1 + margin)))
    return tuple(spans)


def _image(a, sp):
    im = sitk.GetImageFromArray(a)
    im.SetSpacing(tuple(float(x) for x in sp[::-1]))
    im.SetOrigin(tuple(float(x) / 2 for x in sp[::-1]))
    return im


def _to(a, sp, new):
    if tuple(sp) == tuple(new):
        return a
    shape = [max(1, int(np.ceil(n * s / t - 1e-6))) for n, s, t in zip(a.shape, sp, new)]
    return _back(a, sp, new, shape)


def _back(a, sp, new, shape):
    r = sitk.ResampleImageFilter()
    r.SetSize([int(x) for x in shape[::-1]])
    r.SetOutputSpacing([float(x) for x in new[::-1]])
    r.SetOutputOrigin([float(x) / 2 for x in new[::-1]])
    r.SetInterpolator(sitk.sitkLinear)
    r.UseNearestNeighborExtrapolatorOn()
    return sitk.GetArrayFromImage(r.Execute(_image(np.ascontiguousarray(a), sp)))


def _smooth(a, sigma, sp):
    return ndimage.gaussian_filter(a, [sigma / s for s in sp], truncate=3.0)
