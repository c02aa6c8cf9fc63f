"""Right and left lung, with vessels and dense lung, without trachea and main bronchi."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import fill_voids
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.airways import Airways, find_airways
from ctreview.anatomy.body import find_body
from ctreview.anatomy.border import draw_border
from ctreview.anatomy.coarse import Coarse, Mask, box_of, closed, dilated
from ctreview.anatomy.sides import LEFT, RIGHT, Sides, aerated_lungs
from ctreview.checks import Check
from ctreview.errors import SegmentationFailed, WrongUse
from ctreview.progress import Progress, quiet
from ctreview.volume.geometry import require_same_place
from ctreview.volume.labels import Code, Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

__all__ = ["LUNG_SCHEME", "LungSettings", "find_lungs"]

Labels = npt.NDArray[np.uint8]

_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
_LUNG = Code("39607008", "SCT", "Lung")
_TREE = Code("110726009", "SCT", "Trachea and bronchus")

LUNG_SCHEME = Scheme(
    (
        Label(RIGHT, "right_lung", (86, 180, 233), _LUNG, _STRUCTURE, Code("24028007", "SCT", "Right")),
        Label(LEFT, "left_lung", (0, 114, 178), _LUNG, _STRUCTURE, Code("7771000", "SCT", "Left")),
        Label(3, "trachea_and_main_bronchi", (240, 228, 66), _TREE, _STRUCTURE),
    )
)
"""What `find_lungs` gives. Colours are told apart by colour-blind eyes (Okabe and Ito)."""


@dataclass(frozen=True)
class LungSettings:
    """How lungs are found.

    Attributes
    ----------
    coarse_mm : float
        Size of the blocks on which shapes are found.
    border_hu : float
        What is below belongs to the lung at its border. Half-way between lung and chest wall; on the expert masks of
        an emphysematous lung the best agreement lies between −350 and −280 HU.
    smallest_lung_ml : float
        Less aerated volume than this in one piece is no lung. Newborns have about 70 mL in both.
    hilum_mm : float
        Radius of the ball that closes vessels and the hilum, in lungs of 5 L; scaled with the cube root of volume.
    """

    coarse_mm: float = 2.25
    border_hu: float = -320.0
    smallest_lung_ml: float = 20.0
    hilum_mm: float = 7.0


def find_lungs(
    volume: Volume,
    *,
    settings: LungSettings = LungSettings(),
    prior: LabelMap | None = None,
    progress: Progress = quiet,
) -> LabelMap:
    """Find right and left lung, or the one that is there."""
    if volume.unit != "HU":
        raise WrongUse(f"lungs are found in HU, not in {volume.unit}", remedy="Load a CT.")
    if prior is not None:
        require_same_place(volume, prior)
    progress(0, 5, "lungs")
    coarse = Coarse.of(volume.array, volume.geometry, settings.coarse_mm)
    body = find_body(coarse)
    inside = body.air & body.between
    if not inside.any():
        raise _no_lung()
    progress(1, 5, "lungs: airways")
    airways = find_airways(volume, coarse, body, box_of(inside))
    tree = _tree_blocks(coarse, airways)
    progress(2, 5, "lungs: sides")
    sides = aerated_lungs(coarse, body, dilated(tree, 1.5, coarse.spacing), settings.smallest_lung_ml)
    if sides is None:
        raise _no_lung()
    progress(3, 5, "lungs: hilum")
    filled = _closed(coarse, sides.labels, settings)
    filled[_outer_tree(tree, filled)] = 0
    progress(4, 5, "lungs: border")
    labels = draw_border(volume.array, coarse, filled, (filled > 0) & (sides.labels == 0), settings.border_hu)
    if airways is not None:
        _enter_airways(labels, airways)
    lungs = LabelMap(labels, volume.geometry, LUNG_SCHEME)
    progress(5, 5, "lungs")
    return LabelMap(labels, volume.geometry, LUNG_SCHEME, tuple(_checks(lungs, sides)))


def _no_lung() -> SegmentationFailed:
    return SegmentationFailed(
        "no lung was found: nothing in this image is aerated, wide enough and enclosed by a chest",
        remedy="Check that the image is a CT of the thorax in Hounsfield units.",
    )


def _tree_blocks(coarse: Coarse, airways: Airways | None) -> Mask:
    """Blocks of which airways take a quarter or more."""
    if airways is None:
        return np.zeros(coarse.array.shape, dtype=bool)
    return airways.blocks(coarse)


def _closed(coarse: Coarse, aerated: Labels, settings: LungSettings) -> Labels:
    """Each lung with its vessels and the hilum closed."""
    filled = aerated.copy()
    ml = coarse.ml(aerated > 0) / (5000.0 if len(np.unique(aerated)) == 3 else 2500.0)
    radius = settings.hilum_mm * ml ** (1 / 3)
    for side in (RIGHT, LEFT):
        mask = aerated == side
        if mask.any():
            box = box_of(mask)
            # room around, so that the end of the grid is closed over neither way
            room = int(np.ceil(radius / min(coarse.spacing))) + 1
            solid = fill_voids.fill(closed(np.pad(mask[box], room), radius, coarse.spacing))
            solid = solid[room:-room, room:-room, room:-room]
            part = filled[box]
            part[solid & (part == 0)] = side
    return filled


def _outer_tree(tree: Mask, filled: Labels) -> Mask:
    return tree & False


def _enter_airways(labels: Labels, airways: Airways) -> None:
    part = labels[airways.box]
    part[airways.lumen & (part == 0)] = 3
    part[airways.trachea] = 3


def _checks(lungs: LabelMap, sides: Sides) -> Iterator[Check]:
    for key in ("right_lung", "left_lung"):
        m = lungs.mask(key)
        words = key.replace("_", " ")
        if not m.any():
            yield Check("one_lung", words, None, False, f"No {words} was found: figures are those of the other lung alone.")
            continue
        faces = {"feet": m[0], "head": m[-1], "front": m[:, 0], "back": m[:, -1], "right": m[:, :, 0], "left": m[:, :, -1]}
        cut = [name for name, face in faces.items() if face.any()]
        yield Check("lung_touches_border", ", ".join(cut) or None, None, not cut,
            f"The {words} reaches the border of the image ({', '.join(cut)}): part of it may lie outside." if cut
            else f"The {words} lies wholly inside the image.")
    ml = lungs.volume_ml("right_lung", "left_lung")
    yield Check("lung_volume_plausible", round(ml, 1), "60…10000 mL", 60 < ml < 10000, f"The lungs hold {ml:.0f} mL.")
    ok = lungs.voxels["trachea_and_main_bronchi"] > 0
    yield Check("airway_found", None, None, ok, "The trachea was found." if ok else "The trachea was not found.")
