"""Every check of a comparison: what it looks at, what follows where it fails, and where its limit comes from.

The code that makes a check decides whether it failed; this is the one list of what there is, from which the table in
``docs/checks.md`` is written. A check that is not listed here, or has an effect that is not listed, fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping

from ctreview.anatomy.laterality import CLEAR_LATERALITY_SCORE
from ctreview.anatomy.lobes.engine_lobes import BORDER_MM
from ctreview.anatomy.lobes.lobe_checks import BEYOND, LEAST_BRONCHUS_PERCENT, LEAST_SEEN_PERCENT
from ctreview.anatomy.lobes.prior import FISSURES
from ctreview.anatomy.lobes.scheme import LOBES_OF_LUNG
from ctreview.anatomy.lung_checks import (
    FLUID_REPORTED_ML,
    GAS_REPORTED_ML,
    LARGEST_ML,
    MEDIASTINAL_REPORTED_ML,
    SMALLEST_ML,
)
from ctreview.anatomy.situs import CLEAR_SCORE
from ctreview.change.comparability import OPACITY_UNSEEN_PERCENT, ORGAN_UNSEEN_PERCENT
from ctreview.checks import RegisteredCheck, find_registered, registered_of_scan
from ctreview.dicom.comparability import (
    GREATEST_THICKNESS_MM,
    GREATEST_THICKNESS_RATIO,
    KVP_APART,
    THICKNESS_RATIO,
    THIN_MM,
)
from ctreview.image_quality import ImageQualityLimits
from ctreview.lung import InspirationSettings
from ctreview.lung.growth import CHILD_SIZED_ML, GROWTH_LIMIT_PERCENT
from ctreview.lung.size import LARGEST_SHARE, SMALLEST_SHARE
from ctreview.models.plausible import ONE_PIECE_SHARE
from ctreview.opacity.normal import SIDES_APART_HU
from ctreview.opacity.thresholds import AGREEMENT_HU
from ctreview.recipes.chest_ct.field_of_view import CUT_PERCENT
from ctreview.recipes.chest_ct.references import AIR_LIMITS, BLOOD_LIMITS
from ctreview.registration.quality import QualityLimits

__all__ = ["CHECKS", "registered"]

_WITHOUT_REGISTRATION = "not known, where the registration failed, which stops"

_AIR_CALIBRATION = (
    "`air calibration`, what air in the trachea, air around the body and blood still disagree by once air was taken off"
)

_BREATH, _REGISTRATION, _IMAGE = InspirationSettings(), QualityLimits(), ImageQualityLimits()


def registered(name: str) -> RegisteredCheck | None:
    """The entry of a check by the name that it has in documents and tables."""
    return find_registered(CHECKS, name)


CHECKS: Mapping[str, RegisteredCheck] = {
    "same_patient": RegisteredCheck(
        "id, birth date and sex in both headers", {"stops": "any differs"}, "two people cannot be compared"
    ),
    "same_patient_stated": RegisteredCheck(
        "whether the user says that two ids are one patient's",
        {"tells": "they differ, and the user says so"},
        "a hospital may give a new id; the registration still has to find the same structures",
    ),
    "posture": RegisteredCheck(
        "patient position in both headers", {"stops": "differs"}, "dependent density moves with gravity"
    ),
    "order_of_scans": RegisteredCheck(
        "dates of both scans",
        {"stops": "the follow-up is the earlier one"},
        "a decrease would read as an increase; scans are never reordered",
    ),
    "laterality": RegisteredCheck(
        "on which side the heart lies, by soft tissue between the lungs and the room it leaves them in front",
        {"tells": "on the right in both", "stops": f"on different sides (score beyond ±{CLEAR_SCORE:g} in both)"},
        "six real scans and a phantom child score 0.36 to 1.6, mirrored −0.38 to −1.6",
    ),
    "same_parts": RegisteredCheck(
        "which lungs were found", {"stops": "one scan holds a lung that the other does not"}, "no common whole"
    ),
    "common_field_of_view": RegisteredCheck(
        "the share of each lung that the other scan does not show, by the registration",
        {"tells": _WITHOUT_REGISTRATION, "stops": f"more than {ORGAN_UNSEEN_PERCENT:g} % of that lung"},
        "a slice or two, as far as a registration is off; beyond, what is missing looks like what went away",
    ),
    "lungs_cut_alike": RegisteredCheck(
        "the cross-section with which each lung reaches the border of the image",
        {"stops": f"more than {CUT_PERCENT:g} % of the largest in one scan, and less than half of that in the other"},
        "a registration may stretch a lung that was cut until it fits; below, 1 or 2 % of the lung are missing",
    ),
    "opacity_in_field_of_view": RegisteredCheck(
        "the share of the opacity that the other scan does not show",
        {"tells": _WITHOUT_REGISTRATION, "stops": f"more than {OPACITY_UNSEEN_PERCENT:g} % and 1 mL"},
        "below the repeatability of a verdict",
    ),
    "registration": RegisteredCheck(
        "whether the two scans could be registered",
        {"widens": "not well enough to say what became of what: each scan is judged alone", "stops": "not at all"},
        "scans that cannot be registered may show two people, or different parts of one",
    ),
    "registration_matched": RegisteredCheck(
        "the share of vessels and other structures of one scan that are found again in the other",
        {"stops": f"below {_REGISTRATION.matched_share:g}"},
        "two people 0.07 to 0.21, one person 0.38 (phantom child) and more than 0.87 (real lungs)",
    ),
    "registration_overlap": RegisteredCheck(
        "Dice of the outlines of both lungs after registration",
        {"stops": f"below {_REGISTRATION.mask_dice:g}"},
        "outlines that do not lie on one another show different parts, or were not drawn alike",
    ),
    "registration_folding": RegisteredCheck(
        "the share of the lungs where the deformation folds",
        {"widens": f"above {_REGISTRATION.folding_share:g}: each scan is judged alone"},
        "tissue does not fold",
    ),
    "registration_volume": RegisteredCheck(
        "the change of lung volume that the deformation explains",
        {"tells": f"off by more than {_REGISTRATION.volume_mismatch:.0%}"},
        "fate is read from the deformation, volumes are not",
    ),
    "registration_inverse": RegisteredCheck(
        "how far matching in the other direction differs",
        {"tells": f"more than {_REGISTRATION.inverse_mm:g} mm"},
        "one and a half millimetres leave parts of 5 mL where they are",
    ),
    "lung_volume_ratio": RegisteredCheck(
        "volumes of both lungs, growth taken off",
        {
            "widens": f"more than {_BREATH.warn:.0%} apart: the breath is one more reading of the numbers",
            "stops": f"more than {_BREATH.refuse:.0%} apart",
        },
        "with its mass kept, lung of −800 HU becomes −778 at 10 % less volume and −733 at 25 % less",
    ),
    "growth": RegisteredCheck(
        "age and days between the scans",
        {
            "widens": f"a child's lungs grow by more than {GROWTH_LIMIT_PERCENT:g} %: by what two estimates of growth "
            "move normal lung apart, as far as each scan's own normal lung contradicts the common rule"
        },
        "total lung capacity rises from 1 L at four years to 5–6 L at 18",
    ),
    "age_of_small_lungs": RegisteredCheck(
        "whether the age is known where lungs are as small as a child's",
        {"widens": f"unknown, and less than {CHILD_SIZED_ML:g} mL: one year of age in the normal density"},
        "a child of ten in full inspiration; children's lungs are denser (Long et al., 2005)",
    ),
    "contrast": RegisteredCheck(
        "contrast agent in both headers",
        {"widens": "one with, one without: `contrast agent`, the HU scale of one scan against the other"},
        "blood is 5 to 10 % of aerated lung and becomes 150 to 250 HU denser",
    ),
    "hu_of_air_in_the_trachea": RegisteredCheck(
        "density of air in the trachea, off its wall",
        {
            "widens": f"more than {AIR_LIMITS.widens_hu:g} HU apart: {_AIR_CALIBRATION}",
            "stops": f"more than {AIR_LIMITS.stops_hu:g} HU apart",
        },
        "two kernels of one acquisition are up to 20 HU apart",
    ),
    "hu_of_soft_tissue_of_the_heart": RegisteredCheck(
        "density of blood, where both scans are unenhanced",
        {
            "widens": f"more than {BLOOD_LIMITS.widens_hu:g} HU apart: `contrast agent`, the HU scale of one scan "
            "against the other",
            "stops": f"more than {BLOOD_LIMITS.stops_hu:g} HU apart",
        },
        "unenhanced blood lies at 30 to 50 HU, the liver beside it at 50 to 65",
    ),
    "slice_thickness": RegisteredCheck(
        "slice thickness in both headers",
        {
            "widens": f"ratio above {THICKNESS_RATIO:g}: the thinner slices are measured again, blurred across as the "
            "thicker",
            "stops": f"thicker than {GREATEST_THICKNESS_MM:g} mm, or a ratio above {GREATEST_THICKNESS_RATIO:g} where "
            f"one is thicker than {THIN_MM:g} mm",
        },
        "averaged to 6 mm, planted opacity of 249 and 61 mL was found as 340 and 163 mL",
    ),
    "sharpness": RegisteredCheck(
        "blur of edges in both images",
        {
            "widens": f"ratio above {_IMAGE.alike_sharpness:g}: the sharper scan is measured again, blurred as the "
            "other (`sharpness`, and `slice thickness` across slices)",
            "stops": f"ratio above {_IMAGE.greatest_sharpness:g}",
        },
        "blur puts vessels, walls and fissures into the lung around; taken out as far as this was shown to hold",
    ),
    "resolution": RegisteredCheck(
        "blur of edges in the less sharp image",
        {"stops": f"more than {_IMAGE.greatest_resolution_mm:g} mm, or {_IMAGE.greatest_across_mm:g} mm across slices"},
        "vessels melt into the lung around, in both scans alike; slices above 5 mm, whatever the header says",
    ),
    "noise": RegisteredCheck(
        "noise in soft tissue of both images",
        {
            "widens": f"ratio above {_IMAGE.alike_noise:g}: the less noisy scan is measured again, as noisy as the "
            "other",
            "stops": f"ratio above {_IMAGE.greatest_noise:g}",
        },
        "faint opacity is lost in noise, and noise passes for it",
    ),
    "slice_gap": RegisteredCheck(
        "what lies between slices and was not imaged",
        {
            "widens": f"more than {_IMAGE.alike_gap_mm:g} mm: `slice gaps`, by how much the area of opacity changes "
            "from slice to slice",
            "stops": f"more than {_IMAGE.greatest_gap_mm:g} mm",
        },
        "what lies there is inferred from its neighbours",
    ),
    "air_around_the_body": RegisteredCheck(
        "density of air around the body",
        {
            "widens": f"more than {_IMAGE.alike_air_hu:g} HU apart: {_AIR_CALIBRATION}",
            "stops": f"more than {_IMAGE.greatest_air_hu:g} HU apart",
        },
        "air reads −1000 HU on a calibrated scanner",
    ),
    "kernel": RegisteredCheck(
        "reconstruction kernel in both headers",
        {"tells": "names differ", "widens": "the same, where the image does not tell how sharp it is"},
        "kernels shift such measures by up to 14 %; the image tells more than the name",
    ),
    "tube_voltage": RegisteredCheck(
        "tube voltage in both headers",
        {"tells": f"more than {KVP_APART:g} kV apart"},
        "contrast agent and bone shift with it, lung little",
    ),
    "scanner": RegisteredCheck("maker and model in both headers", {"tells": "differ"}, "kept for the reader"),
    "lossy_compression": RegisteredCheck(
        "whether either image was compressed with loss", {"tells": "one was"}, "kept for the reader"
    ),
    "normal_lung_agreement": RegisteredCheck(
        "each scan's own normal lung beside the common one",
        {"tells": f"more than {AGREEMENT_HU:g} HU apart"},
        "the common rule stands; thresholds of both scans are varied in the interval",
    ),
    "edits_of_other_scans": RegisteredCheck(
        "whether a reader's corrections belong to these scans", {"tells": "some do not"}, "they are left out"
    ),
    "added_lung": registered_of_scan(
        "densities by which lung that a reader added holds opacity",
        {"tells": "others than those by which opacity was found"},
        "a record keeps those of its time: under other settings the stroke is made again, or stands as it was",
    ),
    "edits": registered_of_scan(
        "whether a reader's corrections still apply", {"tells": "some do not"}, "they are left out, with the reason"
    ),
    "lung_size": registered_of_scan(
        "volume of both lungs for age and height",
        {"stops": f"below {SMALLEST_SHARE:g} or above {LARGEST_SHARE:g} of the expected total lung capacity"},
        "half a resting expiration; the tallest of an age, with emphysema (Zapletal 1987, Stocks & Quanjer 1995)",
    ),
    "lung_volume_plausible": registered_of_scan(
        "volume of both lungs",
        {"stops": f"below {SMALLEST_ML:g} or above {LARGEST_ML:g} mL"},
        "a newborn at rest, and more than the tallest adult",
    ),
    "one_lung": registered_of_scan(
        "whether both lungs were found", {"tells": "one was not"}, "figures are those of the other"
    ),
    "side_of_single_lung": registered_of_scan(
        "which side a single lung is",
        {"tells": f"score below {CLEAR_LATERALITY_SCORE:g}"},
        "trachea, spine, shape and the cut of the image must agree",
    ),
    "lung_touches_border": registered_of_scan(
        "whether a lung reaches the border of the image",
        {"tells": "it does"},
        "what the other scan shows of it is held against common_field_of_view",
    ),
    "lung_touches_field_of_view": registered_of_scan(
        "whether a lung reaches the border of a round field of view",
        {"tells": "it does"},
        "what the other scan shows of it is held against common_field_of_view",
    ),
    "airway_found": registered_of_scan(
        "whether the trachea was found", {"tells": "it was not"}, "large airways may count"
    ),
    "dense_candidates": registered_of_scan(
        "dense pieces without evidence that they are lung",
        {"widens": "some are open: intervals reach over what accepting them as consolidation would make of the change"},
        "in no volume until accepted; a verdict holds whichever way they are judged",
    ),
    "dense_lung_recovered": registered_of_scan(
        "dense lung at the chest wall", {"tells": "never fails"}, "kept for the reader"
    ),
    "lone_dense_left_out": registered_of_scan(
        "dense pieces that the other scan does not confirm", {"tells": "never fails"}, "kept for the reader"
    ),
    "pleural_fluid": registered_of_scan(
        "what lies between lung and ribs at the density of fluid",
        {"tells": f"{FLUID_REPORTED_ML:g} mL or more"},
        "more than partial volume along the chest wall makes",
    ),
    "gas_under_diaphragm": registered_of_scan(
        "gas of stomach or bowel, or free gas, close under the diaphragm",
        {"tells": "it borders on lung over a large part"},
        "it is in no number; there the border of the lung is least sure",
    ),
    "pneumothorax": registered_of_scan(
        "gas between lung and ribs",
        {"tells": f"more than {GAS_REPORTED_ML:g} mL"},
        "it is in no number; lung_volume_ratio is about the collapse beside it",
    ),
    "mediastinal_air": registered_of_scan(
        "air in the mediastinum beside the airways",
        {"tells": f"more than {MEDIASTINAL_REPORTED_ML:g} mL"},
        "a swallow of air is less; it is in no number",
    ),
    "bullae": registered_of_scan(
        "gas within the lung without vessels",
        {"tells": f"more than {GAS_REPORTED_ML:g} mL"},
        "it counts in the volume of the lung and not as opacity",
    ),
    "age_known": registered_of_scan(
        "whether the age is known", {"tells": "unknown"}, "where lungs are small, age_of_small_lungs widens"
    ),
    "posture_known": registered_of_scan("whether the posture is known", {"tells": "unknown"}, "taken for supine"),
    "normal_lung_share": registered_of_scan(
        "share of the lung that is of normal density",
        {"tells": "too little to set normal by: age or the other timepoint stands in"},
        "about a third, as in `OpacitySettings`",
    ),
    "lungs_alike": registered_of_scan(
        "density of one lung beside the other",
        {"tells": f"more than {SIDES_APART_HU:g} HU apart: the denser one sets normal"},
        "beyond what gravity and breath make between two lungs",
    ),
    "streaks": registered_of_scan(
        "lung within streaks of metal or undiluted contrast agent",
        {"tells": "there is some: opacity fainter than the streaks is not told from them"},
        "as strong as the dark bands are; intervals reach over its counting in both scans",
    ),
    **{
        f"{name}_fissure": registered_of_scan(
            f"how much of the {name.replace('_', ' ')} fissure is seen",
            {"stops": f"less than {LEAST_SEEN_PERCENT:g} %, for the lobes that it parts alone"},
            "with 40 % seen the rest is found within 4 to 6 mm (66 scans, leave-one-out)",
        )
        for name in FISSURES
    },
    **{
        f"{side}_lobes": registered_of_scan(
            f"sizes of the lobes of the {side.replace('_', ' ')}, as shares of it",
            {"stops": f"beyond the usual range by a factor of {BEYOND:g}, for these lobes alone"},
            "a lobe is missing or collapsed, or a fissure is not where it was taken to be",
        )
        for side in LOBES_OF_LUNG
    },
    **{
        f"{side}_bronchi": registered_of_scan(
            f"share of a lobe's bronchi in the {side.replace('_', ' ')} that lies in that lobe, where they are seen",
            {"stops": f"below {LEAST_BRONCHUS_PERCENT:g} %, for the lobes of that lung alone"},
            "a fissure is not where it was taken to be",
        )
        for side in LOBES_OF_LUNG
    },
    "engine_lobes_borders": registered_of_scan(
        "whether lobes are those of an engine of a third party",
        {"tells": f"they are: how much of a fissure is seen is not known, and borders are varied by {BORDER_MM:g} mm"},
        "no engine says how sure its borders are",
    ),
    **{
        f"engine_{structure}_parts": registered_of_scan(
            f"whether an engine of a third party found all {structure}",
            {"tells": "one is missing"},
            "kept for the reader",
        )
        for structure in ("lungs", "lobes")
    },
    **{
        f"engine_{structure}_pieces": registered_of_scan(
            f"whether each of the {structure} of an engine is one piece",
            {"tells": f"its largest piece holds less than {ONE_PIECE_SHARE:.0%}"},
            "lungs and lobes are one piece each but for a few voxels",
        )
        for structure in ("lungs", "lobes")
    },
    "engine_lobes_shares": registered_of_scan(
        "sizes of the lobes of an engine, as shares of both lungs",
        {"tells": "beyond the range of healthy adults"},
        "supine adults; where one is far beyond, `…_lobes` stops",
    ),
}
