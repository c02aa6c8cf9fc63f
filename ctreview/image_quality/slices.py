"""Which slices of a scan are looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["evenly_spaced"]


def evenly_spaced(first: int, last: int, most: int) -> npt.NDArray[np.int64]:
    """Give numbers of at most so many slices, evenly spaced from the first to the last."""
    return np.unique(np.linspace(first, last, min(most, last - first + 1)).round().astype(np.int64))
