"""Dense areas that are offered: what they may be, and why they are not counted, in German."""

from __future__ import annotations

import re

__all__ = ["class_in_german", "reason_in_german"]

CLASSES = {"consolidation": "Konsolidierung", "collapse": "Atelektase", "effusion": "Pleuraerguss"}

EDGE = re.compile(r"edge to aerated lung (?:unknown|(?P<width>[0-9.]+) of the usual width): (?P<seen>[^;]*)")

SEEN = {
    "as wide as": "so breit wie bei Konsolidierungen; dahinter setzt sich aber ein Organ fort, und der Herzschlag "
    "verbreitert Ränder",
    "wider than": "breiter als bei Organen, schmaler als bei Konsolidierungen",
    "hardly wider": "kaum breiter als bei Organen",
    "as sharp as": "so scharf wie bei Organen; es liegt aber zwischen Lunge und Rippen und berührt kaum ein Organ",
}
"""By how the English reason begins."""

FLUID = (
    "it lies between lung and ribs, has the density of fluid",
    "liegt zwischen Lunge und Rippen, ist so dicht wie Flüssigkeit und unterscheidet sich vom Gewebe dahinter",
)

BY_READER = (
    "a reader took it for lung",
    "vom Befunder der Lunge zugeordnet; in dieser Form nicht vom Programm vorgeschlagen",
)

ONLY_ONE_SCAN = (
    "it holds no air at either timepoint",
    "zu beiden Zeitpunkten luftleer, und nur diese Aufnahme für sich zählt es zur Lunge",
)


def class_in_german(proposed: str) -> str:
    """What an area may be."""
    return CLASSES.get(proposed, proposed)


def reason_in_german(reason: str) -> str:
    """Why an area is offered; a reason that is not known here is quoted."""
    for start, said in (FLUID, BY_READER, ONLY_ONE_SCAN):
        if reason.startswith(start):
            return said
    edge = EDGE.match(reason)
    seen = next((words for begin, words in SEEN.items() if edge and edge["seen"].startswith(begin)), None)
    if edge is None or seen is None:
        return f"„{reason}“"
    width = "unbekannter" if edge["width"] is None else f"{edge['width'].replace('.', ',')}-facher"
    return f"Rand zur belüfteten Lunge von {width} Breite: {seen}; {_air(reason)}"


def _air(reason: str) -> str:
    """What air was seen in it."""
    bronchi = re.search(r"(\d+) bronchi that hold air", reason)
    return "Luft war darin nicht zu sehen" if bronchi is None else f"darin {bronchi[1]} lufthaltige Bronchien"
