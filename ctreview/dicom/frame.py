"""One slice as a header describes it, before any pixel is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.source import FileRef

__all__ = ["MODALITY_OF_CLASS", "AttributeValue", "Frame", "Instance", "PixelLayout"]

MODALITY_OF_CLASS = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",
}
"""CT and MR image storage: classic, enhanced, legacy converted enhanced."""

AttributeValue = str | float | tuple[str, ...] | tuple[float, ...] | None
"""A value by which slices of one series may differ."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How the pixels of one file are stored.

    Attributes
    ----------
    syntax : str
        Transfer syntax UID.
    offset : int
        Where the pixel data's value starts (in the inflated stream of a deflated file).
    length : int or None
        Bytes that it is said to have, ``None`` where encapsulated.
    available : int
        Bytes that there are from ``offset`` to the end of the file.
    number : {"integer", "float", "double"}
        What one sample is.
    """

    syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    offset: int
    length: int | None
    available: int
    number: Literal["integer", "float", "double"] = "integer"

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame, rounded up."""
        return (self.rows * self.columns * self.samples * self.allocated + 7) // 8


@dataclass(frozen=True, slots=True)
class Frame:
    """One slice: where its pixels are, where it lies, and what its numbers mean.

    Attributes
    ----------
    position : tuple of float or None
        LPS millimetres of the centre of the first pixel.
    orientation : tuple of float or None
        Unit vectors along a row (towards higher columns) and along a column.
    spacing : tuple of float or None
        Millimetres from row to row, and from column to column.
    slope, intercept : float
        From stored number to value.
    rescaled : bool
        Whether the header gives both as numbers; what stands there otherwise means nothing.
    rescale_type : str or None
        What the values are after rescaling, as the header names it: ``"HU"``, ``"US"`` (unspecified), ``"MGML"`` …
    precise : tuple of float or None
        Slope and intercept to the scanner's own floating-point values, where Philips MR states them: only these
        compare between series (Chenevert et al., Transl Oncol 2014, doi 10.1593/tlo.13811).
    padding : tuple of float or None
        Lowest and highest stored number that mean "no data".
    attributes : mapping
        What may tell slices of one series apart (echo, phase, acquisition, kernel …).
    """

    file: FileRef
    number: int
    layout: PixelLayout
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing: tuple[float, ...] | None
    slope: float = 1.0
    intercept: float = 0.0
    rescaled: bool = True
    rescale_type: str | None = None
    precise: tuple[float, float] | None = None
    padding: tuple[float, float] | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM object: a slice, or all slices of a multiframe file, or something that is no image.

    Attributes
    ----------
    image_type : tuple of str
        Upper-case words of ImageType.
    layout : PixelLayout or None
        ``None`` where there are no pixels.
    warnings : tuple of str
        What was wrong with the header and could be lived with.
    """

    file: FileRef
    sop_class: str
    sop_uid: str
    study_uid: str
    study_date: str
    series_uid: str
    frame_of_reference: str
    modality: str
    series_number: int | None
    image_type: tuple[str, ...]
    conversion: str | None
    instance_number: int | None
    images_in_acquisition: int | None
    spacing_between_mm: float | None
    acquisition: Acquisition
    layout: PixelLayout | None
    frames: tuple[Frame, ...]
    warnings: tuple[str, ...] = ()
