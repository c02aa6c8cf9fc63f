"""From stored numbers to values: rescaling slice by slice, and what stands outside the field of view."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.decode import stored_values
from ctreview.dicom.frame import Frame

__all__ = ["AIR_HU", "NOT_MEASURED_HU", "fill_slice"]

AIR_HU = -1024
"""What stands where nothing was measured (padding around the field of view)."""

NOT_MEASURED_HU = -1500
"""No matter attenuates less than vacuum (−1000 HU); noise reaches −1200. Below this it is a filling number."""


def fill_slice(
    out: npt.NDArray[Any], raw: npt.NDArray[Any], frame: Frame, fill_padding: bool, notes: list[str]
) -> None:
    """Write one slice's values into its place.

    Parameters
    ----------
    out : ndarray of int16 or float32, shape (rows, columns)
        Filled with stored number × slope + intercept.
    raw : ndarray
        As `stored_pixels` gives it.
    frame : Frame
        What the header says of it.
    fill_padding : bool
        Whether air is put where nothing was measured.
    notes : list of str
        A sentence is added for each thing that had to be decided.
    """
    numbers = stored_values(raw, frame.layout)
    if out.dtype == np.int16:
        _rescale_whole(out, numbers, frame, notes)
    else:
        np.multiply(numbers, np.float32(frame.slope), out=out, casting="unsafe")
        out += np.float32(frame.intercept)
    if fill_padding:
        _fill_padding(out, raw, frame, notes)


def _rescale_whole(out: npt.NDArray[Any], numbers: npt.NDArray[Any], frame: Frame, notes: list[str]) -> None:
    slope, intercept = int(frame.slope), int(frame.intercept)
    layout = frame.layout
    low, high = (
        (-(1 << layout.stored - 1), (1 << layout.stored - 1) - 1) if layout.signed else (0, (1 << layout.stored) - 1)
    )
    ends = sorted((low * slope + intercept, high * slope + intercept))
    if ends[0] >= -32768 and ends[1] <= 32767 and abs(slope) < 32768 and high <= 32767:
        if slope == 1:
            np.add(numbers, np.int16(intercept), out=out, casting="unsafe", dtype=np.int16)
        else:
            np.multiply(numbers, np.int16(slope), out=out, casting="unsafe", dtype=np.int16)
            out += np.int16(intercept)
        return
    wide = numbers.astype(np.int64) * slope + intercept
    if int(wide.min()) < -32768 or int(wide.max()) > 32767:
        notes.append("Values beyond ±32767 HU were clipped.")
        np.clip(wide, -32768, 32767, out=wide)
    out[...] = wide


def _fill_padding(out: npt.NDArray[Any], raw: npt.NDArray[Any], frame: Frame, notes: list[str]) -> None:
    """Put air where nothing was measured: where the number is the header's padding, or below all matter."""
    if frame.padding is not None:
        low, high = frame.padding
        if high * frame.slope + frame.intercept <= -1000 or not _in_range(low, frame):
            # compared before bits beyond the stored ones are cut off: some scanners put the padding up there
            out[(raw >= low) & (raw <= high)] = AIR_HU
        else:
            notes.append("The header's padding value lies among densities of tissue and was not believed.")
    if int(out.min()) < NOT_MEASURED_HU:
        out[out < NOT_MEASURED_HU] = AIR_HU


def _in_range(number: float, frame: Frame) -> bool:
    half = 1 << (frame.layout.stored - 1)
    return -half <= number < half if frame.layout.signed else 0 <= number < 2 * half
