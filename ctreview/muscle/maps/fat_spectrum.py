"""The signal of fat in a gradient echo: its protons resonate at several frequencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["FAT_PEAKS", "HZ_PER_PPM_AND_TESLA", "fat_signal"]

HZ_PER_PPM_AND_TESLA = 42.577
"""Gyromagnetic ratio of the proton in MHz/T: one part per million at one tesla."""

FAT_PEAKS = (
    (-3.80, 0.087),
    (-3.40, 0.693),
    (-2.60, 0.128),
    (-1.94, 0.004),
    (-0.39, 0.039),
    (0.60, 0.048),
)
"""Shift from water in parts per million, and share of the signal.

Human liver and subcutaneous fat, Hamilton et al., NMR Biomed 2011;24:784, in the form of the ISMRM fat-water toolbox
(2012); the shares add up to 0.999.
"""


def fat_signal(echo_times_ms: Sequence[float], field_strength_t: float) -> npt.NDArray[np.complex128]:
    """Signal of one unit of fat at each echo time, without decay; 1 at 0 ms.

    Parameters
    ----------
    echo_times_ms : sequence of float
    field_strength_t : float

    Returns
    -------
    ndarray of complex, one for each echo
        Its phase is that relative to water.
    """
    shifts, shares = np.array(FAT_PEAKS).T
    hertz = shifts * HZ_PER_PPM_AND_TESLA * field_strength_t
    times = np.asarray(echo_times_ms, dtype=float) / 1000.0
    return np.asarray(np.exp(2j * np.pi * np.outer(times, hertz)) @ (shares / shares.sum()))
