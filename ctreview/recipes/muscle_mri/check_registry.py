"""Every check of muscle MRI: what it looks at, what follows where it fails, and where its limit comes from.

As `ctreview.recipes.chest_ct.check_registry`; the second table of ``docs/checks.md`` is written from it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ctreview.checks import RegisteredCheck, find_registered, registered_of_scan
from ctreview.muscle.alignment import AlignmentSettings
from ctreview.muscle.limb_matching import LimbMatchSettings
from ctreview.muscle.limb_segment import LEAST_LOWER_LEG_MM
from ctreview.muscle.limbs import LimbSettings
from ctreview.muscle.tissue_levels import LevelSettings
from ctreview.recipes.muscle_mri.comparability import LEAST_SHARED, MOST_AT_EDGE, NOISE_RATIO, VOXEL_RATIO
from ctreview.recipes.muscle_mri.engine_groups import LEAST_INSIDE
from ctreview.recipes.muscle_mri.maps import LEAST_COVERED
from ctreview.recipes.muscle_mri.settings import MuscleIntervalSettings, MuscleVerdictSettings

__all__ = ["MUSCLE_CHECKS", "registered_for_muscle"]

_ALIKE = "map of another kind, or field strength, TE, TR or flip angle more than 10 % apart"


def registered_for_muscle(name: str) -> RegisteredCheck | None:
    """The entry of a check by the name that it has in documents."""
    return find_registered(MUSCLE_CHECKS, name)


MUSCLE_CHECKS: Mapping[str, RegisteredCheck] = {
    "order_of_scans": RegisteredCheck(
        "dates of both examinations",
        {"stops": "the follow-up is the earlier one"},
        "a loss would read as a gain; examinations are never reordered",
    ),
    "same_contrast": RegisteredCheck(
        "by which contrast muscle is told from fat", {"stops": "differs"}, "each draws the border of muscle elsewhere"
    ),
    "same_limbs": RegisteredCheck("which limbs each shows", {"stops": "differ"}, "no common whole"),
    "voxel_size": RegisteredCheck(
        "voxels of both along each axis",
        {"tells": f"ratio above {VOXEL_RATIO:g}"},
        "fat between muscles is thinner than a voxel: coarser ones see less of it",
    ),
    "told_apart": RegisteredCheck(
        "slices in which muscle and fat are equally bright", {"stops": "there are any"}, "muscle is missing there"
    ),
    "shared_part": RegisteredCheck(
        "which part of each limb both show, by the femur or the registration",
        {"stops": f"not known, or less than {LEAST_SHARED:.0%} of what either shows; for that limb alone"},
        "below half, what is compared is another thing than what was examined",
    ),
    "group_shared_part": RegisteredCheck(
        "which share of a drawn group lies in that part of its limb",
        {"stops": f"less than {LEAST_SHARED:.0%}, or its limb is stopped; for that group alone"},
        "a muscle of which a sliver is shown by both is not compared by that sliver",
    ),
    "registration": RegisteredCheck(
        "where no femur tells heights: whether the cross-sections of each limb lead to one height",
        {
            "stops": f"correlation below {LimbMatchSettings().least_alike:g}, or the lower and the upper half lead to "
            f"heights more than {LimbMatchSettings().most_apart_slices:g} slices apart; for that limb alone"
        },
        "each half is laid over the whole other date by itself; what does not agree is chance",
    ),
    "lower_leg": RegisteredCheck(
        "slices in which a limb holds two bones side by side: a lower leg, where they are most",
        {"tells": f"over {LEAST_LOWER_LEG_MM:g} mm and more show the other segment, or no bone is seen"},
        "tibia and fibula; a patella is shorter. A fibula that is not found counts as muscle",
    ),
    "border_share": RegisteredCheck(
        f"share of a limb's muscle that lies within {MuscleIntervalSettings().boundary_voxels:g} voxels of its border",
        {"tells": f"more than {MuscleVerdictSettings().size_percent:g} %"},
        "so far out the border of phantoms was found; a change of so much is called one",
    ),
    "engine_groups_in_muscle": RegisteredCheck(
        "share of the groups of an engine of a third party that lies in muscle of their side",
        {"tells": f"below {LEAST_INSIDE:.0%}: the groups of that side are left out"},
        "an engine may take one leg for the other, or fail on a contrast that it does not know",
    ),
    "cut_in_plane": registered_of_scan(
        "muscle at the edge of the slices",
        {"stops": f"more than {MOST_AT_EDGE:.1%} of it"},
        "a patient who lies elsewhere shows more or less muscle",
    ),
    "fat_fraction_protocol": RegisteredCheck(
        "how the fat fractions of both were made",
        {"stops": f"{_ALIKE}; for fat fractions alone"},
        "a signal fat fraction moves with T1 weighting and echo times",
    ),
    "fat_fraction_noise_ratio": RegisteredCheck(
        "noise of the fat fractions of both",
        {"stops": f"ratio above {NOISE_RATIO:g}; for fat fractions alone"},
        "of 18 phantom thighs without change, four under unlike noise and coil were called changed without it",
    ),
    "t2_protocol": RegisteredCheck(
        "how the T2 maps of both were made", {"stops": f"{_ALIKE}; for T2 alone"}, "T2 moves with echo train and field"
    ),
    "stir_protocol": RegisteredCheck(
        "TI, TE, field strength and coil of both STIR images",
        {"tells": "one is not stated", "stops": "one differs by more than 10 %, or the coil by name; for STIR alone"},
        "brightness over a reference moves with all of them",
    ),
    "water_fat_undecided": registered_of_scan(
        "slices of which it cannot be told whether water and fat are swapped",
        {"stops": "there are any"},
        "a swap turns muscle into fat",
    ),
    "water_fat_swap": RegisteredCheck(
        "swaps of water and fat, in all, one leg or one station",
        {"tells": "there were some; they were put right"},
        "fat under the skin and in the marrow is known to be fat",
    ),
    "slices_without_contrast": RegisteredCheck(
        "slices of one examination in which muscle and fat are equally bright",
        {"tells": "there are any; nothing is measured there"},
        "at the ends of a slab of excitation contrast is lost",
    ),
    "weak_contrast": RegisteredCheck(
        "how far fat and muscle differ, where tissue is told by one contrast",
        {"tells": f"by less than {LevelSettings().good_contrast:.0%}"},
        "a coil brightens what lies near it by as much",
    ),
    "pelvis": RegisteredCheck(
        "slices in which both limbs are joined",
        {"tells": "there are any; they belong to no limb, and groups are measured there where they are drawn"},
        "inside the fascia of a pelvis lie organs as well",
    ),
    "side": RegisteredCheck(
        "which side a limb is that is imaged alone",
        {"tells": f"its middle lies less than {LimbSettings().off_centre_mm:g} mm from that of the scanner"},
        "patients do not lie in the middle to the centimetre",
    ),
    "contrast_alignment": RegisteredCheck(
        "how far a contrast was moved onto the image that tissue was told by",
        {
            "tells": f"more than {AlignmentSettings().most_mm:g} mm or {AlignmentSettings().most_degrees:g}°: "
            "it is left where its header puts it"
        },
        "more than a patient moves between two sequences",
    ),
    "signal_fat_fraction": RegisteredCheck(
        "whether a fat fraction is one of proton density",
        {"tells": "fewer than six echoes, one peak of fat, or a large flip angle"},
        "only a proton-density fat fraction compares between scanners",
    ),
    "fat_fraction_above_half": RegisteredCheck(
        "whether water can be told from fat at all",
        {"tells": "two magnitudes alone"},
        "their fat fraction is that or 100 % less it",
    ),
    "fat_fraction_made_elsewhere": RegisteredCheck(
        "who computed a fat fraction", {"tells": "not ctreview: how is not known"}, "kept for the reader"
    ),
    "fat_fraction_noise": RegisteredCheck(
        "noise of the fat fraction of one voxel",
        {"tells": "not known, where the air around the body was set to zero"},
        "a child's muscle holds 2 to 5 % of fat",
    ),
    "t1_weighting": RegisteredCheck(
        "flip angle and TR of water and fat images",
        {"tells": "50 % of fat reads as two points or more beside it"},
        "fat recovers faster than water",
    ),
    "no_fat_fraction": RegisteredCheck(
        "whether there are water and fat images", {"tells": "never fails"}, "kept for the reader"
    ),
    "mono_exponential_t2": RegisteredCheck(
        "how T2 was fitted",
        {"tells": "as one exponential, since the echoes are too few"},
        "fat and stimulated echoes make it longer by 10 ms and more",
    ),
    "fat_t2": RegisteredCheck("the T2 of fat that was fitted beside water", {"tells": "never fails"}, "kept"),
    "stir_robust_z": RegisteredCheck(
        "what hot voxels are set against", {"tells": "never fails"}, "oedema of most muscle would not stand out"
    ),
    "stir_reference": RegisteredCheck(
        "what the STIR ratio is set against", {"tells": "never fails"}, "the reference may be ill itself"
    ),
    "stir_reference_not_confirmed": RegisteredCheck(
        "whether a reader confirmed a reference of STIR",
        {"tells": "not: there is no ratio, and a place is proposed"},
        "the program cannot know which muscle is healthy",
    ),
    "stir_reference_place": RegisteredCheck(
        "where both references of STIR lie in their limb, measured from its middle and by heights that match",
        {"stops": "in different limbs, or further apart than both radii together; for the STIR ratio alone"},
        "balls that do not touch are not in one muscle, and muscles differ in STIR",
    ),
    "stir_coverage": registered_of_scan(
        "share of the muscle that STIR shows",
        {
            "tells": f"below {LEAST_COVERED:.0%}: oedema is measured in that part alone",
            "stops": "the same, between two examinations; for STIR alone",
        },
        "what is not shown has no oedema that could be counted",
    ),
    "stir_after_contrast": RegisteredCheck(
        "contrast agent in the header of STIR",
        {"tells": "given: no oedema is measured, and a ratio is refused"},
        "the agent shortens T1 where it goes",
    ),
    "contrast_agent_unknown": RegisteredCheck(
        "whether the header of STIR speaks of contrast agent", {"tells": "it does not"}, "kept for the reader"
    ),
    "carried_groups": RegisteredCheck(
        "how groups of muscles that were carried from another side or date lie on muscle here",
        {"tells": "they overlap too little: none is proposed"},
        "outlines that do not lie on one another show different parts",
    ),
}
