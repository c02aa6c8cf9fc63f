"""What the values of the muscle phantom's label maps mean."""

from __future__ import annotations

from ctreview.volume.labels import Code, Label, Scheme

__all__ = ["COMPARTMENTS", "COMPARTMENT_SCHEME", "GROUPS", "GROUP_SCHEME", "SIDES", "TISSUES", "TISSUE_SCHEME"]

SIDES = ("right", "left")

COMPARTMENTS = ("subcutaneous_fat", "muscle", "intermuscular_fat", "bone_cortex", "bone_marrow")
"""Of each side; muscle and intermuscular fat together are what lies inside the fascia and outside bone."""

GROUPS = ("quadriceps", "sartorius", "adductors", "hamstrings", "gluteal", "iliopsoas")

TISSUES = (
    "skin",
    "subcutaneous_fat",
    "fascia",
    "muscle",
    "intermuscular_fat",
    "bone_cortex",
    "bone_marrow",
    "vessel",
    "viscera",
    "bladder",
)

_LATERALITY = {"right": Code("24028007", "SCT", "Right"), "left": Code("7771000", "SCT", "Left")}
_COLOURS = (
    (214, 92, 77),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (204, 121, 167),
    (230, 159, 0),
    (0, 114, 178),
    (213, 94, 0),
    (148, 103, 189),
    (127, 127, 127),
)


def _of_both_sides(keys: tuple[str, ...]) -> Scheme:
    pairs = [(side, key) for side in SIDES for key in keys]
    return Scheme(
        tuple(
            Label(number, f"{side}_{key}", _COLOURS[keys.index(key)], modifier=_LATERALITY[side])
            for number, (side, key) in enumerate(pairs, 1)
        )
    )


COMPARTMENT_SCHEME = _of_both_sides(COMPARTMENTS)
GROUP_SCHEME = _of_both_sides(GROUPS)
TISSUE_SCHEME = Scheme(tuple(Label(number, key, _COLOURS[number - 1]) for number, key in enumerate(TISSUES, 1)))
