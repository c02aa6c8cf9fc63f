"""Regions of the lungs in German, as a heading and with their preposition."""

from __future__ import annotations

__all__ = ["place", "place_in"]

ORGANS = {
    "lungs": ("beide Lungen", "in beiden Lungen", "beider Lungen"),
    "right_lung": ("rechte Lunge", "in der rechten Lunge", "der rechten Lunge"),
    "left_lung": ("linke Lunge", "in der linken Lunge", "der linken Lunge"),
    "right_upper_lobe": ("rechter Oberlappen", "im rechten Oberlappen", "des rechten Oberlappens"),
    "right_middle_lobe": ("Mittellappen", "im Mittellappen", "des Mittellappens"),
    "right_lower_lobe": ("rechter Unterlappen", "im rechten Unterlappen", "des rechten Unterlappens"),
    "left_upper_lobe": ("linker Oberlappen", "im linken Oberlappen", "des linken Oberlappens"),
    "left_lower_lobe": ("linker Unterlappen", "im linken Unterlappen", "des linken Unterlappens"),
}
"""Nominative, with preposition, genitive."""

PARTS = {
    "apical": ("apikales Drittel", "im apikalen Drittel"),
    "middle": ("mittleres Drittel", "im mittleren Drittel"),
    "basal": ("basales Drittel", "im basalen Drittel"),
    "ventral": ("ventrale Hälfte", "in der ventralen Hälfte"),
    "dorsal": ("dorsale Hälfte", "in der dorsalen Hälfte"),
    "central": ("zentraler Anteil", "im zentralen Anteil"),
    "peripheral": ("peripherer Anteil", "im peripheren Anteil"),
}

ADJECTIVES = {
    "apical": "apikal",
    "middle": "mittleres Drittel",
    "basal": "basal",
    "ventral": "ventral",
    "dorsal": "dorsal",
    "central": "zentral",
    "peripheral": "peripher",
}
"""How parts stand behind an organ: ``"in der rechten Lunge, ventral, peripher"``."""


def place(key: str) -> str:
    """A region as the beginning of a line: ``"Rechte Lunge"``; a word that is no region stays as it is."""
    said = _said(key, 0)
    return said[:1].upper() + said[1:]


def place_in(key: str) -> str:
    """Where something lies: ``"in der rechten Lunge"``, ``"im basalen Drittel"``; other words in brackets.

    The words of the crosshair are known as well: ``"right upper lobe, ventral, peripheral"``.
    """
    if _known(key):
        return _said(key, 1)
    organ, *parts = key.split(", ")
    organ = organ.replace(" ", "_")
    if organ in ORGANS and all(part in ADJECTIVES for part in parts):
        return ", ".join([ORGANS[organ][1], *(ADJECTIVES[part] for part in parts)])
    return f"({key})"


def _known(key: str) -> bool:
    organ, _, part = key.partition("/")
    return key in PARTS or (organ in ORGANS and (not part or part in PARTS))


def _said(key: str, case: int) -> str:
    if not _known(key):
        return key
    if key in PARTS:
        return PARTS[key][case]
    organ, _, part = key.partition("/")
    return f"{PARTS[part][case]} {ORGANS[organ][2]}" if part else ORGANS[organ][case]
