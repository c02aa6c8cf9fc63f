"""The shape of a thorax as functions of place.

Everything here lives in *reference coordinates*: millimetres in an adult of 5 L at full inspiration, x to the left,
y to the posterior, z to the head, origin at the height of the carina in the middle of the chest. Sizes of other ages,
breath and deformation are the business of `ctreview.phantom.motion`, which says where a point of the patient lies in
the reference. Distances are positive inside and right to first order, so that soft edges and fractions can be made
from them. Proportions follow the usual anatomical atlases by eye; none is copied from a patient.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache
from math import atan2, cos, exp, floor, sqrt

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled

__all__ = ["Shape", "lobe_at", "lung_distance", "lungs_ml", "reference_lung_points"]

APEX_Z = 128.0
"""Top of both lungs."""
RECESS_Z = -158.0
"""Bottom of the recess between diaphragm and chest wall."""
BASE_Z = -175.0
"""A little below it: what lies deeper moves with the diaphragm and keeps its size."""
BACK_Y = 96.0
"""Where the lungs end behind: the part of the chest that lies on the table and does not move."""

AZYGOS_ARCH_X, AZYGOS_ARCH_Z = 18.0, 22.0
"""Where an azygos fissure begins: the arch of the vein, over the right main bronchus."""


@dataclass(frozen=True)
class Shape:
    """What differs between two bodies beside their size; all in reference millimetres or as factors.

    Attributes
    ----------
    width, depth : float
        Factors of the rib cage to the sides and from front to back.
    heart : float
        Factor of the heart's size (larger against the chest in a child).
    thymus : float
        Factor of the thymus' size; 0 where it has gone.
    right_dome, left_dome : float
        Height of the diaphragm's domes.
    oblique_right, oblique_left : float
        Height at which the oblique fissures reach the back.
    minor : float
        Height of the minor fissure.
    fissure_bend : float
        How far fissures depart from planes.
    fat : float
        Thickness of the fat under the skin.
    gas : float
        Factor of the gas bubble in the stomach; 0 for none.
    colon_gas : float
        Factor of gas in the left colonic flexure, right under the diaphragm; 0 for none.
    left_minor : float
        An extra fissure of the left upper lobe, like the minor one of the right lung: how far it reaches from the front
        towards the back, as a share of the lung; 0 for none. It parts no lobes.
    azygos : float
        An extra fissure of the right upper lobe: how far from the middle it meets the top of the lung; 0 for none. It
        runs down to the arch of the azygos vein, bulging to the side, and parts no lobes.
    """

    width: float = 1.0
    depth: float = 1.0
    heart: float = 1.0
    thymus: float = 0.0
    right_dome: float = -62.0
    left_dome: float = -72.0
    oblique_right: float = 48.0
    oblique_left: float = 54.0
    minor: float = -12.0
    fissure_bend: float = 5.0
    fat: float = 14.0
    gas: float = 1.0
    colon_gas: float = 0.0
    left_minor: float = 0.0
    azygos: float = 0.0

    def packed(self) -> npt.NDArray[np.float64]:
        """The numbers in the order of their names, for the compiled functions."""
        return np.array(astuple(self), dtype=np.float64)


_WIDTH, _DEPTH, _HEART, _THYMUS, _RDOME, _LDOME, _ROBL, _LOBL, _MINOR, _BEND, _FAT, _GAS, _COLON = range(13)
_LEFT_MINOR, _AZYGOS = 13, 14

_jit = compiled()


@_jit
def _ellipsoid(x, y, z, cx, cy, cz, rx, ry, rz):  # type: ignore[no-untyped-def]
    """Distance into an ellipsoid, to first order."""
    ax, ay, az = (x - cx) / rx, (y - cy) / ry, (z - cz) / rz
    k0 = sqrt(ax * ax + ay * ay + az * az)
    if k0 < 1e-3:
        return min(rx, ry, rz)
    k1 = sqrt((ax / rx) ** 2 + (ay / ry) ** 2 + (az / rz) ** 2)
    return k0 * (1.0 - k0) / k1


@_jit
def _capsule(x, y, z, ax, ay, az, bx, by, bz, r):  # type: ignore[no-untyped-def]
    """Distance into a rod with round ends."""
    ux, uy, uz = bx - ax, by - ay, bz - az
    t = ((x - ax) * ux + (y - ay) * uy + (z - az) * uz) / (ux * ux + uy * uy + uz * uz)
    t = min(1.0, max(0.0, t))
    dx, dy, dz = x - ax - t * ux, y - ay - t * uy, z - az - t * uz
    return r - sqrt(dx * dx + dy * dy + dz * dz)


@_jit
def _union(a, b, k):  # type: ignore[no-untyped-def]
    """The larger of two distances, rounded where they meet over ``k`` millimetres."""
    h = max(0.0, k - abs(a - b)) / k
    return max(a, b) + h * h * k * 0.25


@_jit
def _both(a, b, k):  # type: ignore[no-untyped-def]
    """The smaller of two distances, rounded where they meet."""
    return -_union(-a, -b, k)


@_jit
def _oval(u, v, w):  # type: ignore[no-untyped-def]
    """Radius in a rounded box (mean of 2- and 4-norm, weight ``w`` on the second) and its slope along u and v."""
    u2, v2 = u * u, v * v
    round_, square = sqrt(u2 + v2 + 1e-9), sqrt(sqrt(u2 * u2 + v2 * v2 + 1e-9))
    c = square * square * square
    f = (1.0 - w) * round_ + w * square
    return f, (1.0 - w) * u / round_ + w * u * u2 / c, (1.0 - w) * v / round_ + w * v * v2 / c


@_jit
def _spine_y(z):  # type: ignore[no-untyped-def]
    """Middle of the vertebral bodies: the thoracic kyphosis."""
    up = max(0.0, z - 10.0) / 120.0
    down = min(0.0, z + 70.0) / 110.0
    return 62.0 - 22.0 * up * up - 14.0 * down * down


@_jit
def _cage(x, y, z, side, b):  # type: ignore[no-untyped-def]
    """Distance into the pleural envelope of one side (−1 right, +1 left), without mediastinum and diaphragm."""
    t = (z + 30.0) / (APEX_Z + 30.0)
    t = min(max(t, 0.0), 0.999)
    q = t * sqrt(t)
    p = sqrt(1.0 - t * q)
    slope = -1.25 * q / (p * (APEX_Z + 30.0))
    low = min(1.0, max(0.0, -z / 110.0))
    cx = (51.0 - 9.0 * t) * b[_WIDTH]
    lateral = (75.0 + 13.0 * low) * b[_WIDTH] * p
    medial = (cx - 1.6) * (0.25 + 0.75 * p)
    yc = (3.0 + 17.0 * t * t) * b[_DEPTH]
    depth = (85.0 + 9.0 * low) * b[_DEPTH] * p
    u = x * side - cx
    av = abs(y - yc) / depth
    # an ellipse to the side; fuller to the middle, which leaves room beside the spine
    w = lateral if u > 0.0 else medial
    f, gx, gy = _oval(abs(u) / w, av, 0.1 if u > 0.0 else 0.6)
    gx /= w
    gy /= depth
    gz = f * slope / p
    d = (1.0 - f) / sqrt(gx * gx + gy * gy + gz * gz + 1e-9)
    return min(d, APEX_Z - z)


@_jit
def _dome(x, y, side, b):  # type: ignore[no-untyped-def]
    """Height of the diaphragm on one side, and its slope."""
    top = b[_RDOME] if side < 0 else b[_LDOME]
    u = (x * side - 58.0 * b[_WIDTH]) / (74.0 * b[_WIDTH])
    v = (y + 22.0) / (90.0 * b[_DEPTH])
    drop = 84.0 if v > 0.0 else 50.0
    # towards the middle the domes stay high: the heart rests on them
    fall = 58.0 if u > 0.0 else 16.0
    bulge = 4.0 * cos(0.045 * x + 0.6) * cos(0.05 * y)
    height = top - drop * v * v - fall * u * u + bulge
    # the recess between diaphragm and chest wall ends here
    above = min(1.0, max(0.0, 0.5 + (height - RECESS_Z) / 88.0))
    height = _union(height, RECESS_Z, 44.0)
    gx, gy = above * 2.0 * fall * u / (74.0 * b[_WIDTH]), above * 2.0 * drop * v / 90.0
    return height, sqrt(1.0 + gx * gx + gy * gy)


@_jit
def _heart(x, y, z, b):  # type: ignore[no-untyped-def]
    """Distance into heart and great vessels."""
    h = b[_HEART]
    far = max(x - 88.0 * h, -60.0 * h - x, z - 84.0, abs(y) - 90.0)
    if z > 10.0:
        far = max(far, abs(x) - 48.0)
    if far > 0.0:
        return -far - 9.0
    # the long axis runs to the left, the front and the feet
    u = 0.80 * (x - 20.0) - 0.42 * (y + 28.0) - 0.42 * (z + 56.0)
    v = 0.45 * (x - 20.0) + 0.89 * (y + 28.0)
    w = 0.40 * (x - 20.0) - 0.19 * (y + 28.0) + 0.90 * (z + 56.0)
    d = _ellipsoid(u, v, w, 0.0, 0.0, 0.0, 60.0 * h, 43.0 * h, 47.0 * h)
    d = _union(d, _ellipsoid(x, y, z, -22.0, -16.0, -52.0, 27.0 * h, 33.0 * h, 40.0 * h), 14.0)
    d = _union(d, _ellipsoid(x, y, z, 2.0, 14.0, -42.0, 38.0 * h, 20.0 * h, 24.0 * h), 10.0)
    d = _union(d, _capsule(x, y, z, -3.0, -28.0, -30.0, -8.0, -24.0, 18.0, 16.0), 8.0)
    d = _union(d, _capsule(x, y, z, -8.0, -24.0, 18.0, 19.0, 18.0, 26.0, 13.5), 6.0)
    d = _union(d, _capsule(x, y, z, 19.0, 18.0, 24.0, 24.0, 36.0, 0.0, 12.5), 6.0)
    d = _union(d, _capsule(x, y, z, 24.0, 36.0, 0.0, 12.0, 42.0, -190.0, 11.5), 4.0)
    d = _union(d, _capsule(x, y, z, 8.0, -30.0, -28.0, 14.0, -8.0, -6.0, 14.0), 6.0)
    d = _union(d, _capsule(x, y, z, 20.0, -4.0, -8.0, -26.0, 4.0, -16.0, 11.5), 6.0)
    d = _union(d, _capsule(x, y, z, -20.0, -14.0, -30.0, -21.0, -18.0, 60.0, 10.0), 5.0)
    return _union(d, _capsule(x, y, z, -18.0, -16.0, -70.0, -20.0, -8.0, -170.0, 11.0), 5.0)


@_jit
def _mediastinum(x, y, z, b):  # type: ignore[no-untyped-def]
    """Distance into what lies between the lungs: heart, great vessels, fat around them, oesophagus, spine."""
    d = _heart(x, y, z, b) + 2.5
    if abs(x) > 62.0:
        return d
    up = min(1.0, max(0.0, (z + 20.0) / 140.0))
    ex, ey = x / (24.0 + 5.0 * up), (y - 4.0 - 6.0 * up) / (38.0 - 6.0 * up)
    r = sqrt(ex * ex + ey * ey) + 1e-6
    column = (1.0 - r) * 26.0
    d = _union(d, min(column, z + 60.0), 10.0)
    ys = _spine_y(z)
    ex, ey = x / 20.5, (y - ys) / 19.0
    spine = (1.0 - sqrt(ex * ex + ey * ey)) * 19.5
    d = _union(d, spine, 6.0)
    # behind the vertebral bodies everything in the middle belongs to the back
    d = _union(d, min(21.0 - abs(x), y - ys), 6.0)
    d = _union(d, _capsule(x, y, z, 3.0, 34.0, 60.0, 4.0, 36.0, -190.0, 10.0), 6.0)
    d = _union(d, _ellipsoid(x, y, z, -27.0, 8.0, -16.0, 15.0, 17.0, 22.0), 8.0)
    d = _union(d, _ellipsoid(x, y, z, 29.0, 10.0, -10.0, 14.0, 17.0, 21.0), 8.0)
    if b[_THYMUS] > 0.0:
        m = b[_THYMUS]
        d = _union(d, _ellipsoid(x, y, z, -3.0, -42.0, 14.0, 33.0 * m, 30.0 * m, 52.0 * m), 8.0)
    return d


@_jit
def lung_distance(x, y, z, b):  # type: ignore[no-untyped-def]
    """Distance into the lung on this side of the body's middle, and that side (−1 right, +1 left)."""
    side = -1.0 if x < 0.0 else 1.0
    d = _cage(x, y, z, side, b)
    if d < -12.0:
        return d, side
    height, steep = _dome(x, y, side, b)
    d = _both(d, (z - height) / steep, 4.0)
    if d < -12.0 or abs(x) > 100.0:
        return d, side
    return _both(d, -_mediastinum(x, y, z, b), 5.0), side


@_jit
def fissures(x, y, z, side, b):  # type: ignore[no-untyped-def]
    """Height over the oblique and the minor fissure in true distance (positive: upper side)."""
    back = b[_ROBL] if side < 0 else b[_LOBL]
    slope = 1.10 if side < 0 else 1.16
    bend = b[_BEND]
    wave = bend * (cos(0.030 * x * side + 0.02 * y) - 0.6 * cos(0.045 * y + 0.5))
    oblique = (z - (back - slope * (80.0 - y) + wave)) / sqrt(1.0 + slope * slope)
    wave = bend * (0.7 * cos(0.028 * (x + 70.0)) * cos(0.028 * (y + 30.0)) - 0.5)
    minor = (z - (b[_MINOR] + wave + 0.16 * (y + 20.0) + 0.10 * (x + 70.0))) * 0.98
    return oblique, minor


@_jit
def extra_fissure(x, y, z, side, b):  # type: ignore[no-untyped-def]
    """Distance from the nearest fissure that parts no lobes; a large one where there is none."""
    if side > 0:
        behind = 2.0 * BACK_Y * b[_LEFT_MINOR] - BACK_Y
        if b[_LEFT_MINOR] <= 0.0 or y > behind:
            return 1e3
        oblique, _ = fissures(x, y, z, side, b)
        mirrored = fissures(-x, y, z, -side, b)[1]
        return abs(mirrored) if oblique > 0.0 else 1e3
    if b[_AZYGOS] <= 0.0 or z < AZYGOS_ARCH_Z:
        return 1e3
    # from the arch of the vein upwards to the side, at last steeply to the top
    up = min(1.0, (z - AZYGOS_ARCH_Z) / (APEX_Z - AZYGOS_ARCH_Z))
    bulge = sqrt(up * (2.0 - up))
    lateral = AZYGOS_ARCH_X + (b[_AZYGOS] - AZYGOS_ARCH_X) * bulge
    rise = (b[_AZYGOS] - AZYGOS_ARCH_X) * (1.0 - up) / max(bulge, 0.1) / (APEX_Z - AZYGOS_ARCH_Z)
    return abs(-x - lateral) / sqrt(1.0 + rise * rise)


@_jit
def lobe_at(x, y, z, b):  # type: ignore[no-untyped-def]
    """Which lobe a place inside a lung belongs to: 1–5 in the order of `LOBE_SCHEME`."""
    side = -1.0 if x < 0.0 else 1.0
    oblique, minor = fissures(x, y, z, side, b)
    if side > 0:
        return 4 if oblique > 0.0 else 5
    if oblique <= 0.0:
        return 3
    return 1 if minor > 0.0 else 2


@_jit
def _soft(d, h):  # type: ignore[no-untyped-def]
    """Share of a voxel of size ``h`` that a surface at distance ``d`` covers."""
    return min(1.0, max(0.0, 0.5 + d / h))


@_jit
def _bone(d, h, shell, core):  # type: ignore[no-untyped-def]
    """HU of a bone at depth ``d``: dense outside, spongy inside."""
    return core + (shell - core) * (1.0 - _soft(d - 1.4, h + 0.6))


@_jit
def _spine_hu(x, y, zw, h, hu):  # type: ignore[no-untyped-def]
    """Vertebrae, discs, canal and processes drawn over ``hu``."""
    ys = _spine_y(zw)
    phase = (zw + 400.0) / 26.0
    phase = (phase - floor(phase)) * 26.0 - 13.0
    ex, ey = x / 17.5, (y - ys) / 14.5
    disc = (1.0 - sqrt(ex * ex + ey * ey)) * 15.5
    hu += (85.0 - hu) * _soft(disc, h)
    body = min(disc, 10.4 - abs(phase))
    hu += (_bone(body, h, 420.0, 190.0) - hu) * _soft(body, h)
    ex, ey = x / 26.0, (y - ys - 27.0) / 7.0
    arch = min((1.0 - sqrt(ex * ex + ey * ey)) * 9.0, 8.0 - abs(phase - 2.0))
    process = min(3.4 - abs(x), y - ys - 27.0, ys + 54.0 - y, 7.0 - abs(phase + 4.0))
    arch = max(arch, process)
    hu += (_bone(arch, h, 520.0, 260.0) - hu) * _soft(arch, h)
    ex, ey = x / 8.5, (y - ys - 23.0) / 7.5
    canal = (1.0 - sqrt(ex * ex + ey * ey)) * 8.0
    return hu + (25.0 - hu) * _soft(canal, h)


@_jit
def _rib_hu(x, y, zw, outside, h, hu):  # type: ignore[no-untyped-def]
    """Ribs, cartilage, breastbone and shoulder blades drawn over ``hu``; ``outside`` is the depth in the wall."""
    theta = abs(atan2(x, y - 8.0))
    phase = (120.0 - zw - 34.0 * (1.0 - cos(theta))) / 24.0
    i = floor(phase + 0.5)
    if 0 <= i <= 11 and theta > 0.22 and not (i > 9 and theta > 1.9):
        dz = (phase - i) * 22.0
        rib = _ellipsoid(outside, dz, 0.0, 6.8, 0.0, 0.0, 3.6, 6.2, 1e3)
        hard = 1.0 / (1.0 + exp((theta - 2.42) * 12.0))
        hu += (110.0 + hard * (_bone(rib, h, 620.0, 240.0) - 110.0) - hu) * _soft(rib, h)
    if y < 0.0 and zw < 75.0 and zw > -75.0:
        sternum = min(17.0 - abs(x), 5.2 - abs(outside - 7.5))
        hu += (_bone(sternum, h, 380.0, 170.0) - hu) * _soft(sternum, h)
    if y > 20.0 and zw > -40.0:
        blade = min(2.6 - abs(outside - 22.0 - 0.05 * (abs(x) - 90.0)), 34.0 - abs(abs(x) - 96.0 - 0.1 * zw), zw + 40.0)
        hu += (_bone(blade, h, 560.0, 300.0) - hu) * _soft(blade, h)
    return hu


@_jit
def _abdomen_hu(x, y, z, h, b):  # type: ignore[no-untyped-def]
    """What lies under the diaphragm."""
    hu = -95.0
    liver = min(26.0 - x - 0.25 * (z + 110.0), z + 420.0)
    hu += (58.0 - hu) * _soft(liver, h)
    spleen = _ellipsoid(x, y, z, 92.0, 48.0, -135.0, 34.0, 36.0, 55.0)
    hu += (50.0 - hu) * _soft(spleen, h)
    stomach = _ellipsoid(x, y, z, 66.0, -14.0, -126.0, 40.0, 48.0, 46.0)
    hu += (38.0 - hu) * _soft(stomach, h)
    if b[_GAS] > 0.0:
        lumen = min(stomach - 3.5, -22.0 + 16.0 * b[_GAS] - y)
        hu += (-990.0 - hu) * _soft(lumen, h)
    if b[_COLON] > 0.0:
        c = b[_COLON]
        colon = _ellipsoid(x, y, z, 100.0, -8.0, -128.0, 21.0 * c, 26.0 * c, 26.0 * c)
        hu += (30.0 - hu) * _soft(colon, h)
        hu += (-985.0 - hu) * _soft(colon - 2.0, h)
    return hu


@_jit
def skin_distance(x, y, z, b):  # type: ignore[no-untyped-def]
    """Distance into the body."""
    up = min(1.0, max(0.0, (z - 40.0) / 90.0))
    neck = min(1.0, max(0.0, (z - 135.0) / 60.0))
    half = 155.0 * b[_WIDTH] + 1.2 * b[_FAT] + 16.0 * up - 70.0 * neck * neck
    deep = 107.0 * b[_DEPTH] + b[_FAT] - 16.0 * up - 12.0 * neck
    f, gx, gy = _oval(abs(x) / half, abs(y - 4.0 - 5.0 * up) / deep, 0.3)
    gx /= half
    gy /= deep
    return (1.0 - f) / sqrt(gx * gx + gy * gy + 1e-9)


@_jit
def couch_hu(x, y, down, h, b):  # type: ignore[no-untyped-def]
    """HU of the air around the body and of the couch on the side of gravity (``down`` along y; 0 for none)."""
    if down == 0.0:
        return -1000.0
    under = (y - 4.0) * down - (107.0 * b[_DEPTH] + b[_FAT])
    sheet = max(1.1 - abs(under - 6.0 + 0.0011 * x * x), 0.8 - abs(under - 22.0 + 0.0011 * x * x))
    return -1000.0 + 780.0 * _soft(sheet, h) if abs(x) < 230.0 else -1000.0


@_jit
def body_hu(x, y, z, zw, skin, h, b):  # type: ignore[no-untyped-def]
    """HU of all but lung and its trees; ``zw`` is z as the chest wall has it, ``skin`` the depth under the skin."""
    fat = b[_FAT] * (0.75 + 0.3 * cos(0.03 * x) + 0.12 * cos(0.09 * zw + 0.05 * x))
    cage = _union(_cage(x, y, z, -1.0, b), _cage(x, y, z, 1.0, b), 40.0)
    hu = 15.0
    hu += (-102.0 - hu) * _soft(skin - 1.8, h)
    flesh = skin - 1.8 - fat
    hu += (52.0 - hu) * _soft(flesh, h)
    outside = -cage
    if outside > 1.0:
        # fat planes between the layers of muscle
        plane = 1.2 - abs(outside - 15.0 - 2.0 * cos(0.06 * zw + 0.03 * x))
        hu += (-70.0 - hu) * 0.8 * _soft(plane, h + 0.5)
        if outside < 34.0:
            hu = _rib_hu(x, y, zw, outside, h, hu)
    side = -1.0 if x < 0.0 else 1.0
    height, steep = _dome(x, y, side, b)
    below = (height - z) / steep
    if cage > -h:
        inner = -88.0
        if below > -h - 2.0:
            inner += (_abdomen_hu(x, y, z, h, b) - inner) * _soft(below - 2.5, h)
            inner += (45.0 - inner) * _soft(1.3 - abs(below - 1.2), h)
        inner += (42.0 - inner) * _soft(_heart(x, y, z, b), h)
        if b[_THYMUS] > 0.0:
            m = b[_THYMUS]
            inner += (38.0 - inner) * _soft(_ellipsoid(x, y, z, -3.0, -42.0, 14.0, 32.0 * m, 29.0 * m, 51.0 * m), h)
        inner += (30.0 - inner) * _soft(_capsule(x, y, z, 2.0, 34.0, 160.0, 4.0, 37.0, -190.0, 7.5), h)
        hu += (inner - hu) * _soft(cage - 0.5, h)
    if abs(x) < 34.0 and y > 15.0:
        hu = _spine_hu(x, y, zw, h, hu)
    return -1000.0 + (hu + 1000.0) * _soft(skin, h)


@lru_cache(maxsize=64)
def lungs_ml(shape: Shape) -> float:
    """Volume of both lungs of a reference body in millilitres (a lattice of 4 mm: right to about 0.3 %)."""
    return len(reference_lung_points(shape, 4.0)[0]) * 64.0 / 1000.0


@_jit
def _sample(points, b, distance, lobes):  # type: ignore[no-untyped-def]
    for i in range(len(points)):
        d, _ = lung_distance(points[i, 0], points[i, 1], points[i, 2], b)
        distance[i] = d
        lobes[i] = lobe_at(points[i, 0], points[i, 1], points[i, 2], b) if d > 0 else 0


def depth_and_lobe(
    points: npt.NDArray[np.float64], shape: Shape
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """How deep points (n, 3) of the reference lie in a lung (negative outside), and their lobe (0 outside)."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    distance, lobes = np.empty(len(points)), np.zeros(len(points), np.uint8)
    _sample(points, shape.packed(), distance, lobes)
    return distance, lobes


@lru_cache(maxsize=12)
def reference_lung_points(
    shape: Shape, step: float = 4.0, *, margin: float = 0.0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """A regular lattice of points in the lungs of the reference, (n, 3), and the lobe of each, (n,).

    With a ``margin`` also points up to so many millimetres outside, with lobe 0.
    """
    axes = [np.arange(-170.0, 170.1, step), np.arange(-125.0, 130.1, step), np.arange(BASE_Z, APEX_Z + 1, step)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    distance, lobes = depth_and_lobe(points, shape)
    inside = distance > -margin
    points, lobes = points[inside], lobes[inside]
    points.flags.writeable = lobes.flags.writeable = False
    return points, lobes
