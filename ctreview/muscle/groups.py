"""Groups of muscles: their names and codes, drawn on a few slices and filled between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ctreview.edits import Edit, ReplayResult, apply, replay
from ctreview.errors import UnreadableFile
from ctreview.muscle.scheme import SIDES, TISSUE_SCHEME, LimbSide, tissue_key
from ctreview.tools import Canvas, DrawnLabel, FillByImageSettings, fill_by_image, handlers
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.image_file import read_image_file
from ctreview.volume.labels import Code, Label, LabelMap, Scheme
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.volume import Volume

__all__ = [
    "GROUPS",
    "GROUP_SCHEME",
    "GROUP_TARGET",
    "fill_groups",
    "find_groups",
    "group_canvas",
    "no_groups",
    "read_groups",
    "replay_groups",
    "without_empty",
]

GROUPS = ("gluteal", "quadriceps", "hamstrings", "adductors", "iliopsoas", "anterior_leg", "posterior_leg")

GROUP_TARGET = "muscle_groups"
"""What edits call the label map of groups."""

_CODE = Code("102292000", "SCT", "Muscle of lower limb")
_CATEGORY = Code("123037004", "SCT", "Anatomical Structure")
_LATERALITY = {"right": Code("24028007", "SCT", "Right"), "left": Code("7771000", "SCT", "Left"), "unknown": None}
_COLOURS = {
    "gluteal": (230, 159, 0),
    "quadriceps": (86, 180, 233),
    "hamstrings": (0, 158, 115),
    "adductors": (240, 228, 66),
    "iliopsoas": (204, 121, 167),
    "anterior_leg": (0, 114, 178),
    "posterior_leg": (213, 94, 0),
}
_GERMAN = {
    "gluteal": "Gesäßmuskeln",
    "quadriceps": "Quadrizeps",
    "hamstrings": "ischiokrurale Muskeln",
    "adductors": "Adduktoren",
    "iliopsoas": "Iliopsoas",
    "anterior_leg": "vordere Unterschenkelmuskeln",
    "posterior_leg": "hintere Unterschenkelmuskeln",
}
_GERMAN_SIDE = {"right": ", rechts", "left": ", links", "unknown": ""}


def _label(value: int, group: str, side: LimbSide) -> Label:
    key = tissue_key(group, side)
    words = {"en": key.replace("_", " "), "de": _GERMAN[group] + _GERMAN_SIDE[side]}
    return Label(value, key, _COLOURS[group], _CODE, _CATEGORY, _LATERALITY[side], words=words)


GROUP_SCHEME = Scheme(
    tuple(
        _label(1 + number * len(GROUPS) + place, group, side)
        for number, side in enumerate(SIDES)
        for place, group in enumerate(GROUPS)
    )
)
"""1 to 7 on the right, 8 to 14 on the left, 15 to 21 of a limb whose side is not known, each in the order of `GROUPS`.

All have the code of muscles of the lower limb; which group it is, its name says.
"""


def no_groups(geometry: Geometry) -> LabelMap:
    """A map in which nothing is drawn yet."""
    return LabelMap(np.zeros(geometry.shape, np.uint8), geometry, GROUP_SCHEME)


def without_empty(groups: LabelMap) -> LabelMap:
    """The same map without the names of groups that nobody drew."""
    there = set(np.unique(groups.array).tolist())
    return replace(groups, scheme=Scheme(tuple(label for label in groups.scheme if label.value in there)))


def group_canvas(image: Volume, tissue: LabelMap, groups: LabelMap | None = None) -> Canvas:
    """What the tools need to draw groups: they stay inside the fascia and outside bone.

    Parameters
    ----------
    image : Volume
        That tissue is told by.
    tissue : LabelMap
        By `ctreview.muscle.scheme.TISSUE_SCHEME`.
    groups : LabelMap, optional
        As they stand.

    Raises
    ------
    GridMismatch
        They lie on different grids.
    """
    keys = [tissue_key(one, side) for side in SIDES for one in ("muscle", "intermuscular_fat")]
    values = [TISSUE_SCHEME[key].value for key in keys]
    inside = replace(tissue, array=np.where(np.isin(tissue.array, values), tissue.array, 0))
    return Canvas(image, groups or no_groups(image.geometry), within=inside, organ="muscles")


def fill_groups(
    image: Volume, tissue: LabelMap, drawn: LabelMap, *, settings: FillByImageSettings | None = None
) -> LabelMap:
    """Fill groups between the axial slices that they are drawn on.

    Parameters
    ----------
    image, tissue
        As in `group_canvas`.
    drawn : LabelMap
        Slices that hold a group are its drawn ones. A group without a gap stays as it is.

    Returns
    -------
    LabelMap
        Where nothing was drawn, only what lies inside the fascia; drawn slices are not touched.

    Raises
    ------
    GridMismatch
        They lie on different grids.
    """
    geometry = require_same_grid(image, tissue, drawn)
    slices = {
        label.key: tuple(int(level) for level in np.flatnonzero(drawn.mask(label.key).any(axis=(1, 2))))
        for label in drawn.scheme
    }
    gaps = [DrawnLabel(key, levels) for key, levels in slices.items() if levels and np.ptp(levels) >= len(levels)]
    if not gaps:
        return drawn
    array = drawn.array.copy()
    apply(array, fill_by_image(group_canvas(image, tissue, drawn), drawn=gaps, settings=settings))
    return LabelMap(array, geometry, drawn.scheme, drawn.checks)


def replay_groups(
    image: Volume, tissue: LabelMap, edits: Iterable[Edit], *, base: LabelMap | None = None
) -> ReplayResult:
    """Draw groups anew from a journal: its edits with the target `GROUP_TARGET`, on top of ``base``.

    Raises
    ------
    WrongUse
        An edit is of a kind that no tool makes.
    """
    canvas = group_canvas(image, tissue, base)
    mine = [edit for edit in edits if edit.target == GROUP_TARGET]
    return replay(canvas.labels, mine, handlers(canvas), image=image.digest)


def find_groups(
    image: Volume, tissue: LabelMap, drawn: LabelMap | Path | str | None, edits: Sequence[Edit] = ()
) -> LabelMap | None:
    """The groups of an examination, from what a reader drew; None where nothing was drawn.

    Parameters
    ----------
    image, tissue
        As in `group_canvas`.
    drawn : LabelMap or path, optional
        Slices or whole groups; a path as for `read_groups`. Between drawn slices they are filled, as in `fill_groups`.
    edits : sequence of Edit
        A journal, in which filling is an act of its own. What it draws lies on top of ``drawn``.

    Raises
    ------
    GridMismatch
        The groups lie on another grid.
    UnreadableFile
        As `read_groups`.
    """
    found = no_groups(image.geometry)
    if drawn is not None:
        given = drawn if isinstance(drawn, LabelMap) else read_groups(drawn, image.geometry)
        found = fill_groups(image, tissue, given)
    if any(edit.target == GROUP_TARGET for edit in edits):
        found = replay_groups(image, tissue, edits, base=found).labels
    return without_empty(found) if found.array.any() else None


def read_groups(path: Path | str, on: Geometry) -> LabelMap:
    """Read groups from a file that lies on the grid of the image they were drawn on.

    Parameters
    ----------
    path : path
        ``.seg.nrrd``, whose segments are called as `GROUP_SCHEME` has it or by any other name; or NIfTI, NRRD or
        MetaImage with the numbers of `GROUP_SCHEME`.
    on : Geometry
        The grid of the image.

    Raises
    ------
    GridMismatch
        It lies on another grid.
    UnreadableFile
        It is broken, or holds numbers that `GROUP_SCHEME` does not know.
    """
    path = Path(path)
    if path.name.lower().endswith(".seg.nrrd"):
        return _named(read_segmentation(path, on=on))
    volume = read_image_file(path).canonical()
    grid = replace(volume.geometry, frame_of_reference=on.frame_of_reference)
    require_same_grid(grid, on)
    numbers = np.rint(np.asarray(volume.array))
    known = [0, *(label.value for label in GROUP_SCHEME)]
    if not np.isin(numbers, known).all():
        strange = sorted(set(np.unique(numbers).tolist()) - set(known))
        raise UnreadableFile(
            f"it holds the number {strange[0]:g}, which no muscle group has",
            where=path,
            remedy=f"Use 1 to {known[-1]}, or a .seg.nrrd whose segments have names.",
        )
    return LabelMap(numbers.astype(np.uint8), on, GROUP_SCHEME)


def _named(layers: Iterable[LabelMap]) -> LabelMap:
    """One map of all layers: names that `GROUP_SCHEME` has get its numbers, others come after them."""
    layers = tuple(layers)
    labels = {label.key: label for label in GROUP_SCHEME}
    tissues = {label.key for label in TISSUE_SCHEME}  # a file of ctreview holds them too
    array = np.zeros(layers[0].geometry.shape, np.uint8)
    for layer in layers:
        for label in layer.scheme:
            if label.key in tissues:
                continue
            own = labels.setdefault(label.key, replace(label, value=len(labels) + 1))
            array[layer.mask(label.key)] = own.value
    return LabelMap(array, layers[0].geometry, Scheme(tuple(labels.values())))
