"""A DICOM file's header as an `Instance`; no pixel is read."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from typing import BinaryIO, Literal

from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.elements import Elements, MalformedDataSet, Walker
from ctreview.dicom.enhanced import frame_groups
from ctreview.dicom.frame import MODALITY_OF_CLASS, AttributeValue, Frame, Instance, PixelLayout
from ctreview.dicom.header_fields import acquisition_from_header
from ctreview.dicom.source import FileRef
from ctreview.dicom.tags import Tag
from ctreview.errors import UnreadableFile

__all__ = ["NotDicom", "inflated", "read_header"]

IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)
_MAX_INFLATED = 2 << 30
_PARENT_FRAMES = 65_536
"""Most frames in one file."""


_ITEM_BYTES = 8
"""The least that a frame takes in compressed pixel data: an empty item."""


class NotDicom(Exception):
    """The bytes are of something else, or (`empty`) there are none."""

    empty = False


class _Empty(NotDicom):
    empty = True


def read_header(file: FileRef) -> Instance:
    """Read what a file says about itself.

    Returns
    -------
    Instance
        Patient, acquisition, and one `Frame` for each slice; without frames where there are no pixels.

    Raises
    ------
    NotDicom
        The file is no DICOM file at all.
    UnreadableFile
        It is one, and it is broken, or cannot be opened.
    """
    with file.open() as (stream, size):
        try:
            return _instance(file, stream, size)
        except NotDicom:
            raise
        except (MalformedDataSet, zlib.error, RecursionError, OverflowError) as error:
            what = str(error) if isinstance(error, MalformedDataSet) else "its content cannot be unpacked"
            raise UnreadableFile(
                f"the DICOM file is broken: {what}", where=file, remedy="Send it again from the archive."
            ) from error


def _instance(file: FileRef, stream: BinaryIO, size: int) -> Instance:
    walker = Walker(stream, size)
    meta = Elements()
    pos = _start(walker, meta)
    syntax = meta.text(Tag.TransferSyntaxUID) or ""
    if syntax == DEFLATED:
        data = inflated(bytes(walker.buffer[pos:]) + stream.read(), file)
        walker, pos = Walker(io.BytesIO(data), len(data)), 0
    _guess_encoding(walker, pos, syntax)
    header = Elements(little=walker.little)
    pos = walker.data_set(pos, walker.size, header)
    layout = _layout(walker, pos, header, syntax or (EXPLICIT if walker.explicit else IMPLICIT))
    if not header.values and layout is None:
        raise NotDicom
    return _assemble(file, meta, header, layout)


def _start(walker: Walker, meta: Elements) -> int:
    """Read the file's meta group; tell whether this is DICOM at all."""
    buffer = walker.buffer
    if not buffer:
        raise _Empty
    if len(buffer) >= 132 and buffer[128:132] == b"DICM":
        return walker.data_set(132, walker.size, meta, only_group=2)
    # Files of before 1993, and some exports, have no preamble: they start with group 2 or 8.
    if len(buffer) >= 16 and buffer[0:2] == b"\x02\x00" and buffer[4:6].isalpha():
        return walker.data_set(0, walker.size, meta, only_group=2)
    known = bytes(buffer[0:2]) in (b"\x08\x00", b"\x00\x08") and (buffer[2] <= 0x60 and buffer[3] <= 0x60)
    if len(buffer) >= 16 and known:
        return 0
    raise NotDicom


def _guess_encoding(walker: Walker, pos: int, syntax: str) -> None:
    """Explicit or implicit, little or big endian: as the syntax says, unless the first element says otherwise."""
    walker.little = syntax != BIG_ENDIAN
    walker.explicit = syntax != IMPLICIT
    if pos + 8 > walker.size:
        return
    walker.need(pos + 8)
    head = bytes(walker.buffer[pos : pos + 8])
    if not syntax and head[0] == 0 and head[1] != 0:
        walker.little = False
    letters = head[4:6]
    looks_explicit = letters.isalpha() and letters.isupper()
    walker.explicit = looks_explicit


def inflated(data: bytes, file: FileRef) -> bytes:
    """Unpack the data set of a deflated file, up to 2 GiB."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    found = unpacker.decompress(data, _MAX_INFLATED)
    if unpacker.unconsumed_tail:
        raise UnreadableFile("the deflated file unpacks to more than 2 GiB", where=file)
    if not unpacker.eof:
        raise MalformedDataSet("the deflated data are cut off")
    return found


def _layout(walker: Walker, pos: int, header: Elements, syntax: str) -> PixelLayout | None:
    if pos + 8 > walker.size:
        return None
    tag, _, length, value = walker.head(pos)
    number: Literal["integer", "float", "double"] = {  # type: ignore[assignment]
        Tag.FloatPixelData: "float",
        Tag.DoubleFloatPixelData: "double",
    }.get(tag, "integer")
    allocated = header.integer(Tag.BitsAllocated) or 0
    stored = header.integer(Tag.BitsStored) or allocated
    high_bit = header.integer(Tag.HighBit)
    frames = header.integer(Tag.NumberOfFrames)
    return PixelLayout(
        syntax=syntax,
        rows=header.integer(Tag.Rows) or 0,
        columns=header.integer(Tag.Columns) or 0,
        frames=1 if frames is None else max(frames, 1),
        samples=header.integer(Tag.SamplesPerPixel) or 1,
        photometric=(header.text(Tag.PhotometricInterpretation) or "MONOCHROME2").upper(),
        allocated=allocated,
        stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        signed=header.integer(Tag.PixelRepresentation) == 1,
        offset=value,
        length=None if length == 0xFFFFFFFF else length,
        available=walker.size - value,
        number=number,
    )


def _assemble(file: FileRef, meta: Elements, header: Elements, layout: PixelLayout | None) -> Instance:
    warnings: list[str] = []
    sop_class = header.text(Tag.SOPClassUID) or meta.text(Tag.MediaStorageSOPClassUID) or ""
    series_uid = _uid(header, Tag.SeriesInstanceUID, "series UID", warnings)
    acquisition = acquisition_from_header(header, warnings)
    if acquisition.modality is None and sop_class in MODALITY_OF_CLASS:
        acquisition = replace(acquisition, modality=MODALITY_OF_CLASS[sop_class])
        warnings.append(f"The header names no modality; by its storage class it is {acquisition.modality}.")
    frames: tuple[Frame, ...] = ()
    if layout is not None and layout.rows and layout.columns:
        frames = _frames(file, header, layout, acquisition)
    return Instance(
        file=file,
        sop_class=sop_class,
        sop_uid=header.text(Tag.SOPInstanceUID) or "",
        study_uid=header.text(Tag.StudyInstanceUID) or "",
        study_date=header.text(Tag.StudyDate) or "",
        series_uid=series_uid,
        frame_of_reference=header.text(Tag.FrameOfReferenceUID) or "",
        modality=acquisition.modality or "",
        series_number=header.integer(Tag.SeriesNumber),
        image_type=tuple(word.upper() for word in header.words(Tag.ImageType)),
        conversion=header.text(Tag.ConversionType),
        instance_number=header.integer(Tag.InstanceNumber),
        images_in_acquisition=header.integer(Tag.ImagesInAcquisition),
        spacing_between_mm=header.number(Tag.SpacingBetweenSlices),
        acquisition=acquisition,
        layout=layout,
        frames=frames,
        warnings=tuple(warnings),
    )


def _uid(header: Elements, tag: int, name: str, warnings: list[str]) -> str:
    uid = header.text(tag) or ""
    if not uid:
        warnings.append(f"The {name} is missing.")
    elif len(uid) > 64 or not all(part.isdigit() for part in uid.split(".")):
        warnings.append(f"The {name} is not a valid UID.")
    return uid


def _frames(file: FileRef, header: Elements, layout: PixelLayout, acquisition: Acquisition) -> tuple[Frame, ...]:
    if layout.frames > _PARENT_FRAMES:
        raise MalformedDataSet(f"the header claims {layout.frames} frames")
    least = layout.frame_bytes if layout.length is not None else _ITEM_BYTES
    if layout.frames > 1 and layout.frames * least > layout.available:
        raise MalformedDataSet(
            f"the header claims {layout.frames} frames, and there are {layout.available} bytes of pixels"
        )
    groups = frame_groups(header, layout.frames)
    return tuple(_frame(file, number, header, group, layout, acquisition) for number, group in enumerate(groups))


def _frame(
    file: FileRef, number: int, header: Elements, group: Elements, layout: PixelLayout, acquisition: Acquisition
) -> Frame:
    """One slice; ``group`` holds what its functional groups say, else it is the header itself."""
    position = _vector(group, Tag.ImagePositionPatient, 3)
    orientation = _vector(group, Tag.ImageOrientationPatient, 6)
    spacing = _vector(group, Tag.PixelSpacing, 2)
    slope, intercept = group.number(Tag.RescaleSlope), group.number(Tag.RescaleIntercept)
    rescaled = bool(slope) and intercept is not None and not group.items(Tag.ModalityLUTSequence)
    slope, intercept = slope or 1.0, intercept or 0.0
    return Frame(
        file=file,
        number=number,
        layout=layout,
        position=position,
        orientation=orientation,
        spacing=spacing if spacing is not None and min(spacing) > 0 else None,
        slope=slope,
        intercept=intercept,
        rescaled=rescaled,
        rescale_type=(group.text(Tag.RescaleType) or "").upper() or None,
        precise=_precise(group, slope, intercept),
        padding=_padding(header, layout),
        attributes=_separating_attributes(header, group, acquisition),
    )


def _precise(group: Elements, slope: float, intercept: float) -> tuple[float, float] | None:
    """Slope and intercept to floating-point values: (stored × RS + RI) / (RS × SS) with Philips' scale slope SS."""
    if not (group.text(Tag.PhilipsCreator) or "").startswith("Philips MR Imaging DD 001"):
        return None
    scale = group.number(Tag.PhilipsScaleSlope)
    if scale is None or scale <= 0 or group.number(Tag.RescaleSlope) is None:
        return None
    return 1 / scale, intercept / (slope * scale)


def _vector(group: Elements, tag: int, length: int) -> tuple[float, ...] | None:
    numbers = group.numbers(tag)
    return numbers if len(numbers) == length else None


def _padding(header: Elements, layout: PixelLayout) -> tuple[float, float] | None:
    low = _stored_number(header, Tag.PixelPaddingValue, layout)
    if low is None:
        return None
    high = _stored_number(header, Tag.PixelPaddingRangeLimit, layout)
    return (low, low) if high is None else (min(low, high), max(low, high))


def _stored_number(header: Elements, tag: int, layout: PixelLayout) -> float | None:
    """A 16-bit number that is signed if the pixels are, whatever the header's element says of itself."""
    data = header.raw(tag)
    if len(data) != 2:
        return None
    return float(int.from_bytes(data, "little" if header.little else "big", signed=layout.signed))


def _separating_attributes(header: Elements, group: Elements, acquisition: Acquisition) -> dict[str, AttributeValue]:
    """What may tell this slice from another one at the same place."""

    def number(*tags: int) -> float | None:
        for tag in tags:
            for where in (group, header):
                found = where.number(tag)
                if found is not None:
                    return found
        return None

    frame_type = group.words(Tag.FrameType) or header.words(Tag.ImageType)
    return {
        "image type": tuple(word.upper() for word in frame_type),
        "component": group.text(Tag.ComplexImageComponent),
        "kernel": group.text(Tag.ConvolutionKernel) or acquisition.kernel,
        "echo": number(Tag.EffectiveEchoTime, Tag.EchoTime),
        "echo number": number(Tag.EchoNumbers),
        "inversion time": number(Tag.InversionTime),
        "b-value": number(Tag.DiffusionBValue),
        "gradient": group.numbers(Tag.DiffusionGradientOrientation) or None,
        "stack": group.text(Tag.StackID),
        "time point": number(Tag.TemporalPositionIndex, Tag.TemporalPositionIdentifier),
        "trigger time": number(Tag.NominalCardiacTriggerDelayTime, Tag.TriggerTime),
        "cardiac phase": number(Tag.NominalPercentageOfCardiacPhase),
        "acquisition": number(Tag.FrameAcquisitionNumber, Tag.AcquisitionNumber),
        "station": header.text(Tag.StationName),
        "acquisition time": header.text(Tag.AcquisitionTime),
        "content time": header.text(Tag.ContentTime),
        "instance": number(Tag.InstanceNumber),
    }
