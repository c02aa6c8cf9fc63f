"""Checks of a lung segmentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctreview.anatomy.candidates import DenseCandidate
from ctreview.anatomy.field_of_view import touches_unmeasured
from ctreview.anatomy.gas import GasPocket
from ctreview.anatomy.laterality import CLEAR_LATERALITY_SCORE
from ctreview.anatomy.lung_map import LungMap
from ctreview.checks import Check
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["checks_of_changed_lungs", "dense_candidates_check", "field_of_view_checks", "gas_checks", "lung_checks"]

SIDES = ("right_lung", "left_lung")

SMALLEST_ML, LARGEST_ML = 60.0, 10000.0
"""Both lungs of a newborn at rest, and more than those of the tallest adult."""

FLUID_REPORTED_ML = 20.0

GAS_REPORTED_ML = 5.0
"""More gas than this in a pneumothorax or in bullae is said."""

MEDIASTINAL_REPORTED_ML = 2.0
"""More air than this in the mediastinum is said; a swallow of air is less."""


def lung_checks(
    lungs: LungMap, laterality_score: float | None, dense_ml: float, fluid_ml: float, *, by_prior: bool
) -> tuple[Check, ...]:
    """Look at lungs that were found.

    Parameters
    ----------
    lungs : LungMap
        Of the scheme of `find_lungs`.
    laterality_score : float or None
        For a single lung, how much speaks for its side (`laterality.AeratedLungs.laterality_score`).
    dense_ml, fluid_ml : float
        How much dense lung was recovered, and how much between lung and ribs was taken for fluid.
    by_prior : bool
        Whether another timepoint helped.
    """
    return (
        *_sides(lungs, laterality_score),
        *_borders(lungs),
        _volume(lungs),
        _airway(lungs),
        _dense(dense_ml, by_prior),
        dense_candidates_check(lungs.candidates),
        _fluid(fluid_ml),
    )


def checks_of_changed_lungs(found: LungMap, now: LabelMap, candidates: Sequence[DenseCandidate]) -> tuple[Check, ...]:
    """The checks of lungs of which something was left out or taken in since they were found.

    Parameters
    ----------
    found : LungMap
        The lungs with their checks.
    now : LabelMap
        As they are now, of the same scheme.
    candidates : sequence of DenseCandidate
        What is still to be judged.
    """
    anew = {
        _volume(found): _volume(now),
        dense_candidates_check(found.candidates): dense_candidates_check(candidates),
    }
    return tuple(anew.get(check, check) for check in found.checks)


def _sides(lungs: LabelMap, laterality_score: float | None) -> Iterator[Check]:
    missing = [key for key in SIDES if lungs.voxels[key] == 0]
    if not missing:
        yield Check("one_lung", None, None, True, "Both lungs were found.")
        return
    words = missing[0].replace("_", " ")
    message = f"No {words} was found: all figures are those of the other lung alone."
    yield Check("one_lung", words, None, False, message, regions=(missing[0],))
    if laterality_score is not None:
        other = "left lung" if words == "right lung" else "right lung"
        ok = abs(laterality_score) >= CLEAR_LATERALITY_SCORE
        message = f"The lung was taken for the {other}, from trachea, spine, its shape and where the image cuts it."
        if not ok:
            message += " These do not agree well: look which side it is."
        value = round(abs(laterality_score), 2)
        taken = (other.replace(" ", "_"),)
        yield Check("side_of_single_lung", value, CLEAR_LATERALITY_SCORE, ok, message, regions=taken)


def _borders(lungs: LabelMap) -> Iterator[Check]:
    array = lungs.array
    faces = {
        "feet": array[0],
        "head": array[-1],
        "front": array[:, 0],
        "back": array[:, -1],
        "right": array[:, :, 0],
        "left": array[:, :, -1],
    }
    for key in SIDES:
        if lungs.voxels[key] == 0:
            continue
        words, value = key.replace("_", " "), lungs.scheme[key].value
        cut = ", ".join(name for name, face in faces.items() if (face == value).any())
        message = f"The {words} lies wholly inside the image."
        if cut:
            message = f"The {words} reaches the border of the image ({cut}): what lies beyond it is not counted."
        yield Check("lung_touches_border", f"{words}: {cut}" if cut else words, None, not cut, message, regions=(key,))


def field_of_view_checks(lungs: LabelMap, volume: Volume) -> tuple[Check, ...]:
    """Whether lungs reach the border of a field of view that cuts the patient."""
    found = []
    for key in SIDES:
        cut = lungs.voxels[key] > 0 and touches_unmeasured(volume, lungs.mask(key))
        words = key.replace("_", " ")
        message = f"The {words} lies wholly inside the field of view."
        if cut:
            message = f"The {words} reaches the border of the field of view: what lies beyond it is not counted."
        found.append(Check("lung_touches_field_of_view", words, None, not cut, message, regions=(key,)))
    return tuple(found)


def _volume(lungs: LabelMap) -> Check:
    ml = lungs.volume_ml("right_lung", "left_lung")
    ok = SMALLEST_ML <= ml <= LARGEST_ML
    message = f"The lungs hold {ml:.0f} mL."
    if not ok:
        message += " No lungs are of this size: check the mask and the spacing of the image."
    return Check(
        "lung_volume_plausible",
        round(ml, 1),
        f"{SMALLEST_ML:.0f}…{LARGEST_ML:.0f}",
        ok,
        message,
        effect="tells" if ok else "stops",
    )


def _airway(lungs: LabelMap) -> Check:
    ml = lungs.volume_ml("trachea_and_main_bronchi")
    message = "Trachea and main bronchi were found and left out."
    if ml == 0:
        message = "No trachea was found: large airways, if the image shows any, may count as lung."
    return Check("airway_found", round(ml, 1), None, ml > 0, message)


def _dense(ml: float, by_prior: bool) -> Check:
    message = "No dense lung was recovered at the border of the lungs."
    if ml > 0:
        how = "by its edge, its air or the other timepoint" if by_prior else "by its edge or its air"
        message = f"{ml:.0f} mL of dense tissue at the border of the lungs were told to be lung {how}."
    return Check("dense_lung_recovered", round(ml, 1), None, True, message)


def dense_candidates_check(candidates: Sequence[DenseCandidate]) -> Check:
    """Name the dense pieces that are left to be judged."""
    ml = sum(candidate.ml for candidate in candidates)
    message = "No dense tissue beside the lungs is left to be judged."
    if candidates:
        pieces = "; ".join(
            f"{candidate.ml:.0f} mL, {candidate.region.replace('_', ' ')}, {candidate.proposed}"
            for candidate in candidates
        )
        message = f"Dense tissue beside the lungs may be lung or fluid and is in no number until accepted: {pieces}."
    sides = tuple(sorted({candidate.side for candidate in candidates}))
    return Check("dense_candidates", round(ml, 1), None, not candidates, message, effect="widens", regions=sides)


def _fluid(ml: float) -> Check:
    ok = ml < FLUID_REPORTED_ML
    message = "No pleural fluid was seen."
    if ml > 0:
        message = f"{ml:.0f} mL between lung and ribs have the density of fluid and were left out of the lung."
    return Check("pleural_fluid", round(ml, 1), FLUID_REPORTED_ML, ok, message)


def gas_checks(pockets: Sequence[GasPocket], mediastinal_ml: float, midline: float) -> tuple[Check, ...]:
    """Name gas that is no normal lung.

    Parameters
    ----------
    pockets : sequence of GasPocket
        Of the scan.
    mediastinal_ml : float
        Of air in the mediastinum.
    midline : float
        Index of the middle of the patient along axis 2 of the grid of the pockets.

    Returns
    -------
    tuple of Check
        All only tell: what is left out is in no number, and the collapse beside a pneumothorax is what the ratio of
        lung volumes is checked for. A gastric bubble is normal; it fails only where little parts it from lung.
    """
    air_in_chest = [pocket for pocket in pockets if pocket.kind == "pneumothorax"]
    bullae = [pocket for pocket in pockets if pocket.kind == "bulla"]
    return (
        _abdominal([pocket for pocket in pockets if pocket.kind == "abdominal"], midline),
        _pneumothorax(_ml(air_in_chest), _sides_of(air_in_chest, midline)),
        _mediastinal(mediastinal_ml),
        _bullae(_ml(bullae), _sides_of(bullae, midline)),
    )


def _abdominal(pockets: Sequence[GasPocket], midline: float) -> Check:
    ml = _ml(pockets)
    near = [pocket for pocket in pockets if pocket.beside_lung]
    message = "No gas was seen close under the diaphragm."
    if pockets:
        message = f"{ml:.0f} mL of gas under the diaphragm (stomach, bowel or free) were left out of the lung."
    if near:
        message += " Only a thin wall parts it from lung: look at the border."
    return Check("gas_under_diaphragm", ml, None, not near, message, regions=_sides_of(near, midline))


def _pneumothorax(ml: float, sides: tuple[str, ...]) -> Check:
    message = "No pneumothorax was seen."
    if ml > 0:
        message = f"{ml:.0f} mL of gas between lung and ribs are a pneumothorax and were left out of the lung."
    return Check("pneumothorax", ml, GAS_REPORTED_ML, ml <= GAS_REPORTED_ML, message, regions=sides)


def _mediastinal(ml: float) -> Check:
    message = "No air was seen in the mediastinum beside the airways."
    if ml > 0:
        message = f"{ml:.0f} mL of air lie in the mediastinum beside the airways (oesophagus or free): no lung."
    return Check("mediastinal_air", round(ml, 1), MEDIASTINAL_REPORTED_ML, ml <= MEDIASTINAL_REPORTED_ML, message)


def _bullae(ml: float, sides: tuple[str, ...]) -> Check:
    message = "No bullae were seen."
    if ml > 0:
        message = f"{ml:.0f} mL of gas within the lungs are bullae; they count in the volume of the lungs."
    return Check("bullae", ml, GAS_REPORTED_ML, ml <= GAS_REPORTED_ML, message, regions=sides)


def _ml(pockets: Sequence[GasPocket]) -> float:
    return round(float(sum(pocket.ml for pocket in pockets)), 1)


def _sides_of(pockets: Sequence[GasPocket], midline: float) -> tuple[str, ...]:
    """The lungs that pockets lie beside or in; axis 2 runs to the left."""
    return tuple(sorted({SIDES[pocket.middle > midline] for pocket in pockets}))
