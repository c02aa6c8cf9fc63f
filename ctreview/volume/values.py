"""From stored numbers to values: rescaling slice by slice, and what stands outside the field of view."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.decode import stored_values
from ctreview.dicom.frame import Frame

__all__ = ["AIR_HU", "NOT_MEASURED_HU", "fill_slice", "looks_like_hu"]

AIR_HU = -1024
"""What stands where nothing was measured (padding around the field of view)."""

NOT_MEASURED_HU = -1500
"""No matter attenuates less than vacuum (−1000 HU); noise reaches −1200. Below this it is a filling number."""


def fill_slice(
    out: npt.NDArray[Any], raw: npt.NDArray[Any], frame: Frame, fill_padding: bool, notes: list[str]
) -> npt.NDArray[np.bool_] | None:
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

    Returns
    -------
    ndarray of bool or None
        Where nothing was measured; None where all was, or ``fill_padding`` is false.
    """
    numbers = stored_values(raw, frame.layout)
    if out.dtype == np.int16:
        _rescale_whole(out, numbers, frame, notes)
    else:
        np.multiply(numbers, np.float32(frame.slope), out=out, casting="unsafe")
        out += np.float32(frame.intercept)
    return _fill_padding(out, raw, frame, notes) if fill_padding else None


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


def _fill_padding(
    out: npt.NDArray[Any], raw: npt.NDArray[Any], frame: Frame, notes: list[str]
) -> npt.NDArray[np.bool_] | None:
    """Put air where nothing was measured: where the number is the header's padding, or below all matter."""
    outside = None
    if frame.padding is not None:
        low, high = frame.padding
        if high * frame.slope + frame.intercept <= -1000 or not _in_range(low, frame):
            # compared before bits beyond the stored ones are cut off: some scanners put the padding up there
            outside = (raw >= low) & (raw <= high)
            out[outside] = AIR_HU
        else:
            notes.append("The header's padding value lies among densities of tissue and was not believed.")
    if int(out.min()) < NOT_MEASURED_HU:
        below = out < NOT_MEASURED_HU
        out[below] = AIR_HU
        outside = below if outside is None else outside | below
    return outside


def looks_like_hu(values: npt.NDArray[Any]) -> bool:
    """Whether numbers whose unit nobody states are HU: there is air, there is soft tissue, and nothing far beyond.

    Read from every eighth voxel along each axis.
    """
    some = values[::8, ::8, ::8] if min(values.shape) >= 8 else values
    air = float(np.mean((some <= -900) & (some >= -1100)))
    tissue = float(np.mean((some > -200) & (some < 300)))
    return air >= 0.005 and tissue >= 0.02 and float(some.max()) < 32767


def _in_range(number: float, frame: Frame) -> bool:
    half = 1 << (frame.layout.stored - 1)
    return -half <= number < half if frame.layout.signed else 0 <= number < 2 * half
