"""What became of each voxel of a finding: gone, still there, turned into something else, new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.change.measure import count_labelled
from ctreview.errors import GridMismatch
from ctreview.possible_values import require_possible
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import dilated, distance
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Regions
from ctreview.volume.transform import Transform

__all__ = [
    "BASELINE_FATES",
    "FATE_SCHEME",
    "FOLLOWUP_FATES",
    "Fate",
    "FateSettings",
    "fate_ml",
    "fate_words",
    "find_fate",
]


def _label(
    value: int, key: str, colour: tuple[int, int, int], line: tuple[int, int, int], english: str, german: str
) -> Label:
    return Label(value, key, colour, line_colour=line, words={"en": english, "de": german})


_PERSISTENT = "persistent", "weiterhin vorhanden"

FATE_SCHEME = Scheme(
    (
        # Okabe and Ito's colours, told apart by colour-blind eyes; lightened for lines over dark images.
        _label(
            1,
            "resolved",
            (0, 158, 115),
            (32, 201, 151),
            "below threshold at follow-up",
            "aktuell unter der Schwelle",
        ),
        _label(2, "persistent", (230, 159, 0), (240, 180, 41), *_PERSISTENT),
        _label(3, "worsened", (213, 94, 0), (255, 95, 61), "worsened", "zugenommen"),
        _label(4, "improved", (86, 180, 233), (86, 180, 233), "improved", "abgenommen"),
        _label(5, "new", (204, 121, 167), (229, 143, 192), "new", "neu"),
        _label(6, "persistent_followup", (240, 228, 66), (240, 180, 41), *_PERSISTENT),
    )
)
"""Fates on both grids; DICOM has no codes for them."""

BASELINE_FATES = ("resolved", "persistent", "worsened", "improved")
FOLLOWUP_FATES = ("new", "persistent_followup")


@dataclass(frozen=True)
class FateSettings:
    """How fates are told apart.

    Attributes
    ----------
    tolerance_mm : float
        A part that looks gone, new or turned and is nowhere deeper than this (and half a voxel of the other scan,
        whose surface is not known better) is taken for an error of registration or of the boundary. 2.5 mm is what
        95 % of landmarks stay below after a good registration of two breath holds.
    """

    tolerance_mm: float = 2.5

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True, eq=False)
class Fate:
    """Fates on both grids.

    Attributes
    ----------
    baseline : LabelMap
        ``resolved``, ``persistent``, ``worsened`` (now a label of higher severity) or ``improved`` (the reverse) for
        every voxel of a counted label at baseline, and 0 elsewhere.
    followup : LabelMap
        ``new`` or ``persistent_followup`` for every such voxel at follow-up.
    unseen_ml : float
        Baseline and follow-up opacity that lies outside the other scan's field of view. Nothing is known of it, so
        it is counted as persistent.
    """

    baseline: LabelMap
    followup: LabelMap
    unseen_ml: float


def find_fate(
    baseline: LabelMap, followup: LabelMap, transform: Transform, *, settings: FateSettings | None = None
) -> Fate:
    """Tell what became of each voxel of opacity.

    A voxel is carried to the other scan. Where the other scan has the same class there, it is persistent; where it
    has another class, it has turned; where it has none, it is gone. A registration that is off by a millimetre
    would so find a rim of resolved and a rim of new opacity around every patch that never changed. Hence a part
    that looks gone (or turned) counts only if somewhere it is deeper than ``tolerance_mm``, measured from what is
    left, and then counts whole: a patch that lost a 5 mm rim has lost all of it, a rim of 2 mm is no finding. (To
    let everything within the tolerance count as persistent would instead hide 2.5 mm of every true change: a third
    of a patch of 20 mL.)

    Parameters
    ----------
    baseline, followup : LabelMap
        Each on its own grid, of one scheme. Only labels that are counted have a fate.
    transform : Transform
        From baseline to follow-up points.
    settings : FateSettings, optional

    Returns
    -------
    Fate
        Its labels add up to the opacity of each scan, voxel by voxel.

    Raises
    ------
    GridMismatch
        The transform does not join these two grids.
    """
    settings = settings or FateSettings()
    for labels, end in ((baseline, transform.fixed), (followup, transform.moving)):
        if labels.geometry.differences(end):
            raise GridMismatch("the transform joins other grids than those of the two label maps")

    def back(points: FloatArray) -> FloatArray:
        return transform.to_fixed(points, tolerance_mm=0.1)

    found = _sort(baseline, followup, transform.to_moving, settings.tolerance_mm)
    codes = baseline.counted_mask().astype(np.uint8) * np.uint8(FATE_SCHEME["persistent"].value)
    codes[found.gone] = FATE_SCHEME["resolved"].value
    codes[found.worse] = FATE_SCHEME["worsened"].value
    codes[found.better] = FATE_SCHEME["improved"].value

    earlier = _sort(followup, baseline, back, settings.tolerance_mm)
    later = followup.counted_mask().astype(np.uint8) * np.uint8(FATE_SCHEME["persistent_followup"].value)
    later[earlier.gone] = FATE_SCHEME["new"].value
    return Fate(
        baseline=LabelMap(codes, baseline.geometry, FATE_SCHEME),
        followup=LabelMap(later, followup.geometry, FATE_SCHEME),
        unseen_ml=found.unseen * baseline.geometry.voxel_ml + earlier.unseen * followup.geometry.voxel_ml,
    )


def fate_ml(fate: Fate, baseline: Regions, followup: Regions) -> dict[str, Mapping[str, float]]:
    """Millilitres of each fate in each region that both scans have, by the region's name."""
    size = len(FATE_SCHEME) + 1
    early = count_labelled(baseline, fate.baseline.array, size) * fate.baseline.geometry.voxel_ml
    late = count_labelled(followup, fate.followup.array, size) * fate.followup.geometry.voxel_ml
    late_rows = dict(zip(followup.names, late, strict=True))
    return {
        name: {key: float(row[FATE_SCHEME[key].value]) for key in BASELINE_FATES}
        | {key: float(late_rows[name][FATE_SCHEME[key].value]) for key in FOLLOWUP_FATES}
        for name, row in zip(baseline.names, early, strict=True)
        if name in late_rows
    }


def fate_words(key: str, classes: Scheme, language: str = "en") -> str:
    """A fate in words; one in which a class turned names both, where there are but two."""
    said = FATE_SCHEME[key].called(language)
    if key not in ("worsened", "improved") or len(classes.counted) != 2:
        return said
    names = [label.called(language) for label in classes.counted]
    return f"{said} ({f' {_TO[language]} '.join(names if key == 'worsened' else reversed(names))})"


_TO = {"en": "to", "de": "zu"}

Mask = npt.NDArray[np.bool_]
Voxels = tuple[npt.NDArray[np.int64], ...]


@dataclass(frozen=True)
class _Sorted:
    """Voxels of one scan that the other shows otherwise, as indices, and how many it cannot see."""

    gone: Voxels
    worse: Voxels
    better: Voxels
    unseen: int


_NONE: Voxels = tuple(np.empty((3, 0), dtype=np.int64))


def _sort(here: LabelMap, there: LabelMap, carry: Callable[[FloatArray], FloatArray], tolerance_mm: float) -> _Sorted:
    """Tell the voxels of ``here`` that are gone and turned ``there``."""
    index = np.argwhere(here.counted_mask())
    if len(index) == 0:
        return _Sorted(_NONE, _NONE, _NONE, 0)
    at = np.rint(there.geometry.to_index(carry(here.geometry.to_lps(index)))).astype(np.int64)
    seen = np.all((at >= 0) & (at < there.geometry.shape), axis=1)

    far = np.stack([_distance(there, label.key, at) for label in here.scheme.counted])
    own = _places(here)[here.array[tuple(index.T)]]
    rows = np.arange(len(index))
    same = far[own, rows]
    others = far.copy()
    others[own, rows] = np.inf
    turned_to = others.argmin(axis=0)
    other = others[turned_to, rows]

    # Distances run between centres of voxels, and the surface lies half a voxel before the first centre.
    deep_mm = tolerance_mm + max(there.geometry.spacing) / 2 if tolerance_mm > 0 else 0.0
    nearest = np.minimum(same, other)
    nothing = seen & (nearest > 0)
    gone = np.zeros(here.geometry.shape, dtype=bool)
    gone[_deep_parts(index[nothing], nearest[nothing], here.geometry, deep_mm)] = True
    changed = seen & ~gone[tuple(index.T)] & (other < same)
    turned = np.zeros(here.geometry.shape, dtype=bool)
    turned[_deep_parts(index[changed], same[changed], here.geometry, deep_mm)] = True
    severity = np.array([label.severity for label in here.scheme.counted])
    step = (severity[turned_to] - severity[own]) * turned[tuple(index.T)]
    return _Sorted(np.nonzero(gone), tuple(index[step > 0].T), tuple(index[step < 0].T), int((~seen).sum()))


def _places(labels: LabelMap) -> npt.NDArray[np.int64]:
    """By label value the place of a label among those that are counted."""
    table = np.zeros(1 + max(label.value for label in labels.scheme), dtype=np.int64)
    for place, label in enumerate(labels.scheme.counted):
        table[label.value] = place
    return table


def _distance(labels: LabelMap, key: str, at: npt.NDArray[np.int64]) -> FloatArray:
    """Millimetres from each index (n, 3) to the nearest voxel of a label; infinite beyond its box."""
    mask = labels.mask(key)
    found = np.full(len(at), np.inf)
    if not mask.any():
        return found
    # The margin is far wider than any tolerance; farther than that no distance is needed.
    box = bounding_box(mask, _margin(labels.geometry, 20.0))
    start, stop = np.array([span.start for span in box]), np.array([span.stop for span in box])
    away = distance(~mask[box], labels.geometry.spacing)
    inside = np.all((at >= start) & (at < stop), axis=1)
    found[inside] = away[tuple((at[inside] - start).T)]
    return found


def _deep_parts(
    index: npt.NDArray[np.int64], depth_mm: FloatArray, geometry: Geometry, deep_mm: float
) -> tuple[npt.NDArray[np.int64], ...]:
    """Of the voxels ``index`` the deep ones, and those that lie as near to a deep one as that depth."""
    core = index[depth_mm > deep_mm]
    if len(core) == 0:
        return tuple(np.empty((3, 0), dtype=np.int64))
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[tuple(core.T)] = True
    box = bounding_box(mask, _margin(geometry, deep_mm))
    start, stop = np.array([span.start for span in box]), np.array([span.stop for span in box])
    near = dilated(mask[box], deep_mm, geometry.spacing)
    inside = np.all((index >= start) & (index < stop), axis=1)
    kept = index[inside]
    return tuple(kept[near[tuple((kept - start).T)]].T)


def _margin(geometry: Geometry, margin_mm: float) -> list[int]:
    """Voxels along each axis that hold a margin in millimetres, and one more."""
    return [int(np.ceil(margin_mm / spacing)) + 1 for spacing in geometry.spacing]
