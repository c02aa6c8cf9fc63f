"""From a series, or a file of another format, to a `Volume`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.dicom.decode import stored_numbers, stored_slices
from ctreview.dicom.frame import Frame
from ctreview.dicom.scan import find_series
from ctreview.dicom.series import Series
from ctreview.errors import NoSeriesFound, SeveralSeriesFound, UnsupportedSeries, WrongUse
from ctreview.progress import Progress, quiet
from ctreview.volume.foreign import is_foreign, read_foreign
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Unit, Volume

__all__ = ["AIR_HU", "LoadSettings", "load_volume"]

AIR_HU = -1024
"""What stands where nothing was measured (padding around the field of view)."""

_NOT_MEASURED_HU = -1500
"""No matter attenuates less than vacuum (−1000 HU); noise reaches −1200. Below this it is a filling number."""

_LARGEST_VOLUME = 1 << 34
"""More voxels than this are not believed (16 billion; a large CT has 0.5)."""


@dataclass(frozen=True)
class LoadSettings:
    """How a series becomes a volume.

    Attributes
    ----------
    padding : {"air", "keep"}
        What becomes of CT voxels outside the field of view: −1024 HU, or the number as stored.
    """

    padding: Literal["air", "keep"] = "air"


def load_volume(
    source: Series | Path | str,
    *,
    series: str | None = None,
    settings: LoadSettings = LoadSettings(),  # noqa: B008 - frozen
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
        What to do about padding.
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
    if isinstance(source, Series):
        return _load(source, settings, progress)
    path = Path(source)
    if is_foreign(path):
        return read_foreign(path)
    return _load(choose_series(find_series(path, progress=progress), series, path), settings, progress)


def choose_series(found: tuple[Series, ...], series: str | None, path: Path) -> Series:
    """The one series that is meant.

    Raises
    ------
    SeveralSeriesFound
        More than one is usable, and none was named.
    WrongUse
        The named one is not there.
    """
    keys = ", ".join(one.key for one in found if one.usable)
    if series is not None:
        named = [one for one in found if series in (one.key, one.uid)]
        if len(named) != 1:
            raise WrongUse(f"no series is called {series!r}", where=path, remedy=f"Known here: {keys or 'none'}.")
        return named[0]
    usable = [one for one in found if one.usable]
    volumes = [one for one in usable if one.kind == "volume"] or usable
    if len(volumes) > 1:
        raise SeveralSeriesFound(
            f"{len(volumes)} series are here: {', '.join(_described(one) for one in volumes)}",
            where=path,
            remedy="Name one with --series.",
        )
    if volumes:
        return volumes[0]
    refused = [one for one in found if one.kind in ("volume", "single image")] or list(found)
    if len(refused) == 1 and refused[0].refusal is not None:
        raise refused[0].refusal
    reasons = "; ".join(f"{one.key}: {one.refusal.found}" for one in refused[:5] if one.refusal is not None)
    raise NoSeriesFound(f"none of {len(found)} series is a readable volume ({reasons})", where=path)


def _described(series: Series) -> str:
    words = [series.part] if series.part else []
    words.append(f"{series.shape[0]} slices")
    if series.spacing is not None:
        words.append(f"{series.spacing[0]:.3g} mm")
    if series.acquisition.kernel:
        words.append(series.acquisition.kernel)
    return f"{series.key} ({', '.join(words)})"


def _load(series: Series, settings: LoadSettings, progress: Progress) -> Volume:
    if series.refusal is not None:
        raise series.refusal
    if series.stack is None:
        raise UnsupportedSeries("the series holds no volume", where=series.where)
    stored = Geometry(series.shape, series.stack.affine, series.frame_of_reference)
    if np.prod(np.array(series.shape, dtype=float)) > _LARGEST_VOLUME:
        raise UnsupportedSeries(f"a volume of {series.shape} voxels is too large to be one", where=series.where)
    geometry = stored.canonical()
    order, flips = stored.canonical_steps()
    values = np.empty(geometry.shape, dtype=_dtype(series))
    # The canonical array, seen in the order in which the slices are stored: filled slice by slice, never copied.
    view = np.flip(values, flips) if flips else values
    view = view.transpose(np.argsort(order))
    notes = list(series.warnings)
    for number, raw in enumerate(stored_slices(series.frames)):
        progress(number, len(series.frames), "reading slices")
        _fill(view[number], raw, series.frames[number], settings, series.modality == "CT", notes)
    progress(len(series.frames), len(series.frames), "reading slices")
    unit: Unit = "HU" if series.modality == "CT" else "arbitrary"
    return Volume(values, geometry, unit, series.acquisition, tuple(dict.fromkeys(notes)))


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


def _fill(
    out: npt.NDArray[Any], raw: npt.NDArray[Any], frame: Frame, settings: LoadSettings, is_ct: bool, notes: list[str]
) -> None:
    """Write one slice's values into its place."""
    numbers = stored_numbers(raw, frame.layout)
    if out.dtype == np.int16:
        _rescale_whole(out, numbers, frame, notes)
    else:
        np.multiply(numbers, np.float32(frame.slope), out=out, casting="unsafe")
        out += np.float32(frame.intercept)
    if is_ct and settings.padding == "air":
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
    if int(out.min()) < _NOT_MEASURED_HU:
        out[out < _NOT_MEASURED_HU] = AIR_HU


def _in_range(number: float, frame: Frame) -> bool:
    half = 1 << (frame.layout.stored - 1)
    return -half <= number < half if frame.layout.signed else 0 <= number < 2 * half


def with_acquisition(volume: Volume, **changes: Any) -> Volume:
    """The same volume with other facts about its acquisition."""
    return replace(volume, acquisition=replace(volume.acquisition, **changes))
