"""From a series, or a file of another format, to a `Volume`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ctreview.dicom.parallel import decode_all
from ctreview.dicom.safe_archive import close_archives
from ctreview.dicom.scan import find_series
from ctreview.dicom.series import Series
from ctreview.dicom.sort import Stack
from ctreview.errors import NoSeriesFound, SeveralSeriesFound, UnreadableFile, UnsupportedSeries, WrongUse
from ctreview.possible_values import require_possible
from ctreview.progress import Progress, part, quiet
from ctreview.volume.geometry import Geometry
from ctreview.volume.image_file import is_image_file, read_image_file
from ctreview.volume.straighten import resample_evenly, shear_to_box
from ctreview.volume.unmeasured import UnmeasuredSlices
from ctreview.volume.values import AIR_HU, NOT_MEASURED_HU, fill_slice, looks_like_hu
from ctreview.volume.volume import SliceNumbers, Unit, Volume

__all__ = ["LoadSettings", "choose_series", "load_volume", "with_unread_named"]

_LARGEST_VOLUME = 1 << 34
"""Most voxels of a volume (16 billion; a large CT has 0.5)."""


@dataclass(frozen=True)
class LoadSettings:
    """How a series becomes a volume.

    Attributes
    ----------
    padding : {"air", "keep"}
        What becomes of CT voxels outside the field of view: −1024 HU, or the number as stored.
    tilt : {"shear", "keep"}
        Whether slices of a tilted gantry are shifted onto a right box (linear interpolation within the plane; the
        acquired grid stays as ``Volume.original``), or kept as they are on a sheared grid.
    uneven : {"refuse", "resample"}
        Whether unevenly spaced slices are refused, or interpolated to their finest common spacing.
    philips : {"precise", "displayed"}
        Values of Philips MR: the scanner's own floating-point numbers, which compare between series, or the numbers
        that its console shows.
    processes : int or None
        On how many cores compressed slices are decoded; by default on all that this process may use.
    """

    padding: Literal["air", "keep"] = "air"
    tilt: Literal["shear", "keep"] = "shear"
    uneven: Literal["refuse", "resample"] = "refuse"
    philips: Literal["precise", "displayed"] = "precise"
    processes: int | None = None

    def __post_init__(self) -> None:
        require_possible(self, processes=(1, 4096))


def load_volume(
    source: Series | Path | str,
    *,
    series: str | None = None,
    settings: LoadSettings | None = None,
    progress: Progress = quiet,
) -> Volume:
    """Read an image into canonical axes.

    Parameters
    ----------
    source : Series or path
        A series of `find_series`; or a DICOM folder or file, NIfTI, NRRD or MetaImage.
    series : str, optional
        The key (or UID) of the series to take where the path holds several.
    settings : LoadSettings
        What to do about padding, tilt and uneven spacing.
    progress : Progress
        Told how many slices are read.

    Returns
    -------
    Volume
        ``int16`` HU for CT whose rescaling is in whole numbers, else ``float32``; axis 0 to the head, 1 to the
        posterior, 2 to the patient's left.

    Raises
    ------
    SeveralSeriesFound
        The path holds several volumes and none was named; the message lists their keys.
    InputRefused
        It cannot be read; the reason and the file are named.
    """
    settings = settings or LoadSettings()
    if isinstance(source, Series):
        return replace(_load(source, settings, progress), series_key=source.key or None)
    path = Path(source)
    if is_image_file(path):
        return read_image_file(path, padding=settings.padding)
    found = find_series(path, progress=part(progress, 0.0, 0.3))
    chosen = choose_series(found, series, path, settings=settings)
    return replace(_load(chosen, settings, part(progress, 0.3, 1.0)), series_key=chosen.key)


def choose_series(
    found: tuple[Series, ...], series: str | None, path: Path, *, settings: LoadSettings | None = None
) -> Series:
    """The one series that is meant.

    Where another one could have been meant and cannot be read, that is among the warnings of this one.

    Raises
    ------
    SeveralSeriesFound
        More than one is usable, and none was named.
    WrongUse
        The named one is not there.
    """
    settings = settings or LoadSettings()
    usable = [one for one in found if _reads(one, settings)]
    if series is not None:
        named = [one for one in found if series in (one.key, one.uid)]
        if len(named) != 1:
            keys = ", ".join(one.key for one in usable)
            raise WrongUse(f"no series is called {series!r}", where=path, remedy=f"Known here: {keys or 'none'}.")
        return named[0]
    volumes = [one for one in usable if one.kind == "volume"] or usable
    if len(volumes) > 1:
        raise SeveralSeriesFound(
            f"{len(volumes)} series are here: {', '.join(_described(one) for one in volumes)}",
            where=path,
            remedy="Name one with --series.",
        )
    if volumes:
        return with_unread_named(volumes[0], [one for one in found if one not in usable])
    refused = [one for one in found if one.kind in ("volume", "single image")] or list(found)
    if len(refused) == 1 and refused[0].refusal is not None:
        raise refused[0].refusal
    reasons = "; ".join(f"{one.key}: {one.refusal.found}" for one in refused[:5] if one.refusal is not None)
    raise NoSeriesFound(f"none of {len(found)} series is a readable volume ({reasons})", where=path)


def with_unread_named(taken: Series, unread: Sequence[Series]) -> Series:
    """A series that warns of those of its kind that lie beside it and cannot be read: one of them could be meant."""
    said = [
        f"Series {taken.key} was taken; series {one.key} lies beside it and cannot be read: {one.refusal.found}."
        for one in unread
        if one.refusal is not None and (one.modality, one.kind) == (taken.modality, taken.kind)
    ]
    return replace(taken, warnings=(*taken.warnings, *said)) if said else taken


def _reads(series: Series, settings: LoadSettings) -> bool:
    """Whether a series is read under these settings."""
    uneven = series.stack is not None and not series.stack.even
    return series.usable or (
        uneven and settings.uneven == "resample" and not isinstance(series.refusal, UnreadableFile)
    )


def _described(series: Series) -> str:
    words = [series.part] if series.part else []
    words.append(f"{series.shape[0]} slices")
    if series.spacing is not None:
        words.append(f"{series.spacing[0]:.3g} mm")
    if series.acquisition.kernel:
        words.append(series.acquisition.kernel)
    return f"{series.key} ({', '.join(words)})"


def _load(series: Series, settings: LoadSettings, progress: Progress) -> Volume:
    if series.refusal is not None and not _reads(series, settings):
        raise series.refusal
    stack = series.stack
    if stack is None:
        raise UnsupportedSeries("the series holds no volume", where=series.where)
    if np.prod(np.array(series.shape, dtype=float)) > _LARGEST_VOLUME:
        raise UnsupportedSeries(f"a volume of {series.shape} voxels is too large to be one", where=series.where)
    stored = Geometry(series.shape, stack.affine, series.frame_of_reference)
    notes = list(series.warnings)
    unit = _unit(series, notes)
    straight = stack.even and (stack.tilt_degrees == 0 or settings.tilt == "keep")
    order, flips = stored.canonical_steps() if straight else ((0, 1, 2), ())
    values = np.empty([series.shape[axis] for axis in order], dtype=_dtype(series))
    # The canonical array, seen in the order in which the slices are stored: filled slice by slice, never copied.
    view = (np.flip(values, flips) if flips else values).transpose(np.argsort(order))
    frames = series.frames
    if settings.philips == "precise" and all(frame.precise for frame in frames):
        frames = tuple(
            replace(frame, slope=frame.precise[0], intercept=frame.precise[1]) for frame in frames if frame.precise
        )
    outside = UnmeasuredSlices(series.shape)
    try:
        for done, (number, raw) in enumerate(decode_all(frames, processes=settings.processes)):
            progress(done, len(frames), "reading slices")
            padded = fill_slice(view[number], raw, frames[number], settings.padding == "air" and unit == "HU", notes)
            outside.add(number, padded)
    finally:
        close_archives()
    progress(len(series.frames), len(series.frames), "reading slices")
    reason = _reason_against_hu(series)
    if reason is not None and _open(series) and looks_like_hu(values):
        notes.append("The header leaves open what the numbers are; they were taken as HU, since they look like it.")
        unit, reason = "HU", None
        if settings.padding == "air":
            np.putmask(values, values < NOT_MEASURED_HU, AIR_HU)
    elif reason is not None:
        notes.append(f"The numbers are no HU: {reason}.")
    facts = series.acquisition
    if straight:
        unmeasured = outside.canonical(order, flips)
        kept = tuple(dict.fromkeys(notes))
        found = Volume(values, stored.canonical(), unit, facts, kept, unit_reason=reason, unmeasured=unmeasured)
        return replace(found, slice_numbers=_slice_numbers(series, order.index(0), order.index(0) in flips))
    return _straightened(Volume(values, stored, unit, facts, unit_reason=reason), stack, settings, notes)


def _slice_numbers(series: Series, axis: int, flipped: bool) -> SliceNumbers | None:
    """What the archive calls the slices, in the order of the canonical array; None where two have one number."""
    several = len({frame.file for frame in series.frames}) < len(series.frames)
    found = [frame.number + 1 if several else frame.attributes.get("instance") for frame in series.frames]
    numbers = tuple(int(number) for number in found if isinstance(number, int | float))
    if len(set(numbers)) != len(series.frames):
        return None
    return SliceNumbers(axis, numbers[::-1] if flipped else numbers)


def _reason_against_hu(series: Series) -> str | None:
    """Why the numbers of a CT are no HU (perfusion, iodine, effective Z), as a clause; None where they are."""
    named = _named_types(series)
    if series.modality != "CT" or not named or _original(series, named):
        return None
    return f"the header calls them {', '.join(sorted(named))}"


def _named_types(series: Series) -> set[str]:
    return {frame.rescale_type for frame in series.frames if frame.rescale_type} - {"HU", "HU_MOD"}


def _original(series: Series, named: set[str]) -> bool:
    """Whether a scanner wrote the images, and says of their numbers only that they are unspecified."""
    kinds = [frame.attributes.get("image type") for frame in series.frames]
    return named == {"US"} and any("ORIGINAL" in kind for kind in kinds if isinstance(kind, tuple))


def _open(series: Series) -> bool:
    """Whether the header only says that the numbers are unspecified, as programs write that convert a CT."""
    return _named_types(series) == {"US"}


def _unit(series: Series, notes: list[str]) -> Unit:
    """HU for CT, unless its header says that the numbers are something else."""
    if series.modality != "CT" or _reason_against_hu(series) is not None:
        return "arbitrary"
    if _named_types(series):
        notes.append("The header leaves open what the numbers are; they were taken as HU, since the image is original.")
    return "HU"


def _straightened(volume: Volume, stack: Stack, settings: LoadSettings, notes: list[str]) -> Volume:
    """Bring tilted or unevenly spaced slices onto a right box, in canonical axes."""
    fill = float(AIR_HU) if volume.unit == "HU" else 0.0
    array, geometry, original = volume.array, volume.geometry, None
    if stack.tilt_degrees > 0 and (settings.tilt == "shear" or not stack.even):
        array, geometry = shear_to_box(array, stack, geometry.frame_of_reference, fill=fill)
        original = volume.geometry.canonical() if stack.even else None
        notes.append("The slices were shifted onto a right box.")
    if not stack.even:
        array, geometry = resample_evenly(array, stack.slice_positions_mm, geometry)
        notes.append(f"Unevenly spaced slices were interpolated to {geometry.spacing[0]:.4g} mm.")
    found = Volume(array, geometry, volume.unit, volume.acquisition, tuple(dict.fromkeys(notes)), original)
    found = replace(found, unit_reason=volume.unit_reason).canonical()
    return found.with_array(np.ascontiguousarray(found.array))


def _dtype(series: Series) -> np.dtype[Any]:
    """int16 where every slice rescales whole numbers into whole numbers of a CT's range, else float32."""
    whole = all(
        frame.slope == int(frame.slope)
        and frame.intercept == int(frame.intercept)
        and frame.layout.number == "integer"
        and frame.layout.allocated <= 16
        for frame in series.frames
    )
    return np.dtype(np.int16 if whole and series.modality == "CT" else np.float32)
