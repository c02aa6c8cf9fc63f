"""The tissues of a limb, their names and their codes."""

from __future__ import annotations

from typing import Literal

from ctreview.volume.labels import Code, Label, Scheme

__all__ = ["SIDES", "TISSUES", "TISSUE_SCHEME", "LimbSide", "tissue_key"]

LimbSide = Literal["right", "left", "unknown"]
"""Of the patient; unknown where one limb alone is imaged and nothing says which."""

SIDES: tuple[LimbSide, ...] = ("right", "left", "unknown")

TISSUES = ("muscle", "intermuscular_fat", "subcutaneous_fat", "bone_cortex", "bone_marrow")

_ANATOMY = Code("123037004", "SCT", "Anatomical Structure")
_TISSUE = Code("85756007", "SCT", "Tissue")
_LATERALITY = {"right": Code("24028007", "SCT", "Right"), "left": Code("7771000", "SCT", "Left"), "unknown": None}
_CODES = {
    "muscle": (Code("127954009", "SCT", "Skeletal muscle"), _TISSUE),
    "intermuscular_fat": (Code("55603005", "SCT", "Adipose tissue"), _TISSUE),
    "subcutaneous_fat": (Code("71966008", "SCT", "Subcutaneous tissue"), _TISSUE),
    "bone_cortex": (Code("272673000", "SCT", "Bone"), _ANATOMY),
    "bone_marrow": (Code("14016003", "SCT", "Bone marrow"), _TISSUE),
}
_COLOURS = {
    "muscle": ((213, 94, 0), (0, 114, 178), (204, 121, 167)),
    "intermuscular_fat": ((240, 228, 66), (250, 240, 130), (245, 235, 100)),
    "subcutaneous_fat": ((150, 130, 60), (170, 150, 80), (160, 140, 70)),
    "bone_cortex": ((0, 158, 115), (60, 190, 150), (30, 175, 130)),
    "bone_marrow": ((86, 180, 233), (130, 200, 240), (110, 190, 236)),
}
_GERMAN = {
    "muscle": "Muskel",
    "intermuscular_fat": "Fett zwischen den Muskeln",
    "subcutaneous_fat": "Unterhautfett",
    "bone_cortex": "Kortikalis",
    "bone_marrow": "Knochenmark",
}
_GERMAN_SIDE = {"right": ", rechts", "left": ", links", "unknown": ""}


def tissue_key(tissue: str, side: LimbSide) -> str:
    """The key of a tissue on a side: ``"right_muscle"``, and ``"muscle"`` where the side is not known."""
    return tissue if side == "unknown" else f"{side}_{tissue}"


def _labels() -> tuple[Label, ...]:
    found = []
    for number, side in enumerate(SIDES):
        for place, tissue in enumerate(TISSUES):
            code, category = _CODES[tissue]
            key = tissue_key(tissue, side)
            found.append(
                Label(
                    1 + number * len(TISSUES) + place,
                    key,
                    _COLOURS[tissue][number],
                    code,
                    category,
                    _LATERALITY[side],
                    counted=tissue == "muscle",
                    words={"en": key.replace("_", " "), "de": _GERMAN[tissue] + _GERMAN_SIDE[side]},
                )
            )
    return tuple(found)


TISSUE_SCHEME = Scheme(_labels())
"""Five tissues of the right, the left, and of a limb whose side is not known. Muscle is what lies inside the fascia and
is neither fat nor bone: it holds small vessels, nerves and tendons, and any tumour."""
