"""Right and left lung, with vessels and dense lung, without trachea and main bronchi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import fill_voids
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.airways import Airways, find_airways
from ctreview.anatomy.body import find_body
from ctreview.anatomy.border import draw_border
from ctreview.anatomy.candidates import DenseCandidate, Side
from ctreview.anatomy.coarse import CoarseImage, Mask, closed, upsampled
from ctreview.anatomy.dense_lung import DenseLung, DensePiece, Hilum, find_dense_lung
from ctreview.anatomy.field_of_view import cut_by_field_of_view, unmeasured_blocks, with_unknown_outside
from ctreview.anatomy.gas import GasPocket, find_gas, find_mediastinal_air, outside_lung
from ctreview.anatomy.laterality import LEFT, RIGHT, AeratedLungs, find_aerated_lungs
from ctreview.anatomy.lung_checks import field_of_view_checks, gas_checks, lung_checks
from ctreview.anatomy.lung_map import LungMap
from ctreview.anatomy.lung_size import relative_size
from ctreview.errors import SegmentationFailed
from ctreview.possible_values import require_possible
from ctreview.progress import Progress, quiet
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import dilated
from ctreview.volume.geometry import Geometry, require_same_grid
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
        Label(3, "trachea_and_main_bronchi", (240, 228, 66), _TREE, _STRUCTURE, counted=False),
    )
)
"""What `find_lungs` gives. The colours are safe for colour blindness (Okabe and Ito)."""


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
    dense : bool
        Whether dense lung next to the chest wall is recovered.
    """

    coarse_mm: float = 2.25
    border_hu: float = -320.0
    smallest_lung_ml: float = 20.0
    hilum_mm: float = 8.0
    dense: bool = True

    def __post_init__(self) -> None:
        require_possible(self, coarse_mm=(0.5, 20.0))


def find_lungs(
    volume: Volume,
    *,
    settings: LungSettings | None = None,
    prior: LabelMap | None = None,
    given: LabelMap | None = None,
    progress: Progress = quiet,
) -> LungMap:
    """Find right and left lung, or the one that is there.

    Parameters
    ----------
    volume : Volume
        A CT of the thorax in HU, in canonical axes. The field of view may be smaller than the patient.
    settings : LungSettings
        How.
    prior : LabelMap, optional
        Lung (same keys) that another timepoint shows aerated, carried over onto this grid, to recover dense lung by.
    given : LabelMap, optional
        Lungs (same keys, same grid) that an engine of a third party gave, to be taken instead of those found. Airways,
        and gas that is no lung, are still found and left out; nothing is recovered, closed or offered.
    progress : Progress
        Called with the progress.

    Returns
    -------
    LungMap
        Of `LUNG_SCHEME` on the grid of ``volume``. Lungs hold their vessels, bronchi, ground glass, and dense tissue
        that the image shows to be lung; pleural fluid, trachea and main bronchi are no lung, and dense tissue that may
        be lung is in ``candidates``. Checks: ``one_lung``, ``side_of_single_lung``, ``lung_touches_border``,
        ``lung_volume_plausible``, ``airway_found``, ``dense_lung_recovered``, ``dense_candidates``,
        ``pleural_fluid``, ``gas_under_diaphragm``, ``pneumothorax``, ``mediastinal_air``, ``bullae``.

    Raises
    ------
    SegmentationFailed
        Nothing in the image is aerated, wide enough and enclosed by a chest; or lungs were given the wrong way round.
    WrongUse
        The volume is not in HU.
    GridMismatch
        The prior, or what was given, lies elsewhere.

    Notes
    -----
    Shapes are found in blocks of about 2 mm: air around the patient and table are set aside, airways are followed
    from the trachea (`airways`), gas is told from lung (`gas`), aerated parts chosen and parted into right and left
    (`laterality`), vessels and hilum closed, dense lung recovered from the rib cage (`dense`). Only then is the border
    drawn at full resolution (`border`).
    """
    settings = settings or LungSettings()
    volume.require_hu("lungs are found in", remedy="Load a CT.")
    require_same_grid(volume, *(labels for labels in (prior, given) if labels is not None))
    progress(0, 5, "lungs: patient")
    cut = cut_by_field_of_view(volume)
    if cut:
        volume = with_unknown_outside(volume)
    coarse = CoarseImage.from_array(volume.array, volume.geometry, settings.coarse_mm)
    body = find_body(coarse, unmeasured_blocks(volume, coarse) if cut else None)
    inside = body.air & body.between_tissue
    if not inside.any():
        raise _no_lung()
    progress(1, 5, "lungs: airways")
    airways = find_airways(volume, coarse, body, bounding_box(inside))
    progress(2, 5, "lungs: sides")
    tree = np.zeros(inside.shape, dtype=bool) if airways is None else airways.blocks(coarse)
    trachea = None if airways is None else airways.middle(coarse)
    taken = dilated(tree, 1.5, coarse.spacing)
    pockets = find_gas(coarse, body, taken)
    gas = outside_lung(pockets, inside.shape, edge=True)
    sides = find_aerated_lungs(coarse, body, taken | gas, settings.smallest_lung_ml, trachea)
    if sides is None:
        raise _no_lung()
    progress(3, 5, "lungs: hilum and dense lung")
    if given is not None:
        filled, dense = _blocks(coarse, given), DenseLung.none(inside.shape)
        sides.require_same(filled)
        labels = _sides_of(given)
    else:
        filled, dense = _with_dense_lung(coarse, sides, gas, airways, tree, prior, settings)
        progress(4, 5, "lungs: border")
        labels = draw_border(volume.array, coarse, filled, (filled > 0) & (sides.labels == 0), settings.border_hu)
    _leave_out(labels, coarse, pockets)
    if airways is not None:
        _enter_airways(labels, airways)
    if cut and volume.unmeasured is not None:
        labels[volume.unmeasured] = 0
    candidates = _candidates(labels, coarse, dense, volume.geometry)
    lungs = LungMap(labels, volume.geometry, LUNG_SCHEME, candidates=candidates)
    progress(5, 5, "lungs")
    amounts = coarse.volume_ml(dense.lung > 0), dense.fluid_ml
    checks = (
        *(() if given is None else given.checks),
        *lung_checks(lungs, sides.laterality_score, *amounts, by_prior=prior is not None),
        *gas_checks(pockets, find_mediastinal_air(coarse, body, filled, tree), sides.midline),
    )
    if cut:
        checks = (*checks, *field_of_view_checks(lungs, volume))
    return replace(lungs, checks=checks, dense_ml=round(amounts[0], 1))


def _with_dense_lung(
    coarse: CoarseImage,
    sides: AeratedLungs,
    gas: Mask,
    airways: Airways | None,
    tree: Mask,
    prior: LabelMap | None,
    settings: LungSettings,
) -> tuple[Labels, DenseLung]:
    """Aerated lungs with vessels and hilum closed and what of them is dense."""
    size = _size(coarse, sides.labels)
    filled = _closed(coarse, sides.labels, settings.hilum_mm * size)
    filled[gas] = 0
    if not settings.dense:
        return filled, DenseLung.none(filled.shape)
    hilum = Hilum.around(None if airways is None else airways.carina(coarse), coarse.spacing[0], size)
    carried = None if prior is None else _blocks(coarse, prior)
    dense = find_dense_lung(coarse, filled, sides.midline, size, hilum, tree, carried)
    return np.where(filled == 0, dense.lung, filled), dense


def _leave_out(labels: Labels, coarse: CoarseImage, pockets: Sequence[GasPocket]) -> None:
    """Take gas out of the lungs, whose border was drawn through a thin wall."""
    gas = outside_lung(pockets, coarse.array.shape, edge=False)
    if gas.any():
        box = bounding_box(gas)
        full = coarse.full_box(box)
        labels[full][upsampled(gas[box], coarse.step, labels[full].shape)] = 0


def _candidates(
    labels: Labels, coarse: CoarseImage, dense: DenseLung, geometry: Geometry
) -> tuple[DenseCandidate, ...]:
    """What was offered, at full resolution and without what the lungs hold, largest first."""
    found = []
    for piece in dense.offered:
        box = coarse.full_box(bounding_box(piece.blocks))
        mask = np.zeros(labels.shape, dtype=bool)
        blocks = piece.blocks[bounding_box(piece.blocks)]
        shape = tuple(part.stop - part.start for part in box)
        mask[box] = upsampled(blocks, coarse.step, shape) & (labels[box] == 0)
        if mask.any():
            found.append(_candidate(mask, piece, labels, geometry))
    return tuple(sorted(found, key=lambda candidate: -candidate.ml))


def _candidate(mask: Mask, piece: DensePiece, labels: Labels, geometry: Geometry) -> DenseCandidate:
    side: Side = "right_lung" if piece.side == RIGHT else "left_lung"
    heights = np.flatnonzero((labels == piece.side).any(axis=(1, 2)))
    third = (np.nonzero(mask)[0].mean() - heights[0]) / max(1, len(heights)) * 3
    part = ("basal", "middle", "apical")[int(np.clip(third, 0, 2))]
    return DenseCandidate.from_mask(
        mask, geometry, side=side, region=f"{side}/{part}", proposed=piece.proposed, reason=piece.reason
    )


def _no_lung() -> SegmentationFailed:
    return SegmentationFailed(
        "no lung was found: nothing in this image is aerated, wide enough and enclosed by a chest",
        remedy="Check that the image is a CT of the thorax in Hounsfield units.",
    )


def _size(coarse: CoarseImage, aerated: Labels) -> float:
    """`relative_size` of aerated lungs on the coarse grid."""
    return relative_size(coarse.volume_ml(aerated > 0), both=len(np.unique(aerated)) == 3)


def _closed(coarse: CoarseImage, aerated: Labels, radius: float) -> Labels:
    """Each lung with its vessels and the hilum closed."""
    filled = aerated.copy()
    # room around, so that the end of the grid is closed over neither way
    room = int(np.ceil(radius / min(coarse.spacing))) + 1
    for side in (RIGHT, LEFT):
        mask = aerated == side
        if not mask.any():
            continue
        box = bounding_box(mask)
        solid = fill_voids.fill(closed(np.pad(mask[box], room), radius, coarse.spacing))
        part = filled[box]
        part[_without_pockets(solid[room:-room, room:-room, room:-room]) & (part == 0)] = side
    return filled


def _without_pockets(lung: Mask) -> Mask:
    """Lung with dense pockets filled that are enclosed in two of the three planes.

    One plane is not enough: the dome of the liver is ringed by lung in axial slices.
    """
    enclosed = np.zeros(lung.shape, dtype=np.uint8)
    for axis in range(3):
        planes, counts = np.moveaxis(lung, axis, 0), np.moveaxis(enclosed, axis, 0)
        for level, plane in enumerate(planes):
            counts[level] += fill_voids.fill(np.ascontiguousarray(plane))
    return np.asarray(lung | (enclosed >= 2))


def _blocks(coarse: CoarseImage, prior: LabelMap) -> Labels:
    """A label map of the full grid in blocks: each side where it takes half of one or more."""
    blocks = np.zeros(coarse.array.shape, dtype=np.uint8)
    for side, key in ((RIGHT, "right_lung"), (LEFT, "left_lung")):
        blocks[coarse.fraction(prior.mask(key)) >= 0.5] = side
    return blocks


def _sides_of(given: LabelMap) -> Labels:
    """Right and left lung of a label map by the values of `LUNG_SCHEME`."""
    labels = np.zeros(given.array.shape, dtype=np.uint8)
    for side, key in ((RIGHT, "right_lung"), (LEFT, "left_lung")):
        labels[given.mask(key)] = side
    return labels


def _enter_airways(labels: Labels, airways: Airways) -> None:
    """The trachea wherever it is, and bronchi as far as they lie outside the lungs."""
    part = labels[airways.box]
    part[airways.lumen & (part == 0)] = LUNG_SCHEME["trachea_and_main_bronchi"].value
    part[airways.trachea] = LUNG_SCHEME["trachea_and_main_bronchi"].value
