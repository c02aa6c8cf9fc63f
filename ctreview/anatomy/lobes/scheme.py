"""What the values of a label map of lobes mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.models import STRUCTURES
from ctreview.volume.labels import Code, Label, Scheme

__all__ = ["LOBES", "LOBES_OF", "LOBES_OF_LUNG", "LOBE_SCHEME", "in_lobe_scheme"]

LOBES = STRUCTURES["lobes"]
"""Keys that a label map of lobes may hold."""

LOBES_OF_LUNG: Mapping[str, tuple[str, ...]] = {"right_lung": LOBES[:3], "left_lung": LOBES[3:]}

_STRUCTURE = Code("91723000", "SCT", "Anatomical Structure")
_RIGHT, _LEFT = Code("24028007", "SCT", "Right"), Code("7771000", "SCT", "Left")
_UPPER = Code("45653009", "SCT", "Upper lobe of lung")
_MIDDLE = Code("72481006", "SCT", "Middle lobe of right lung")
_LOWER = Code("90572001", "SCT", "Lower lobe of lung")

LOBE_SCHEME = Scheme(
    (
        Label(1, LOBES[0], (86, 180, 233), _UPPER, _STRUCTURE, _RIGHT),
        Label(2, LOBES[1], (0, 158, 115), _MIDDLE, _STRUCTURE),
        Label(3, LOBES[2], (0, 114, 178), _LOWER, _STRUCTURE, _RIGHT),
        Label(4, LOBES[3], (230, 159, 0), _UPPER, _STRUCTURE, _LEFT),
        Label(5, LOBES[4], (213, 94, 0), _LOWER, _STRUCTURE, _LEFT),
    )
)
"""The five lobes, in the order of `LOBES`. The colours are safe for colour blindness (Okabe and Ito)."""

LOBES_OF: dict[str, tuple[int, ...]] = {
    **{lobe: (LOBE_SCHEME[lobe].value,) for lobe in LOBES},
    **{lung: tuple(LOBE_SCHEME[lobe].value for lobe in lobes) for lung, lobes in LOBES_OF_LUNG.items()},
}
"""Values of the lobes that a lobe or lung is made of."""


def in_lobe_scheme(array: npt.NDArray[Any], scheme: Scheme) -> npt.NDArray[np.uint8]:
    """Labels of lobes in the numbers of `LOBE_SCHEME`, whichever they have; other labels are 0."""
    table = np.zeros(int(np.iinfo(array.dtype).max) + 1, dtype=np.uint8)
    for label in scheme:
        if label.key in LOBES:
            table[label.value] = LOBE_SCHEME[label.key].value
    return np.asarray(table[array])
