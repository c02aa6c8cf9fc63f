"""From a path to the series that lie there."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ctreview.dicom.classify import kind_of, reason_against
from ctreview.dicom.decode import require_decodable
from ctreview.dicom.frame import Frame, Instance
from ctreview.dicom.header import NotDicom, read_header
from ctreview.dicom.series import Series
from ctreview.dicom.sort import StackFault
from ctreview.dicom.source import FileRef
from ctreview.dicom.split import Part, split
from ctreview.errors import (
    CtreviewError,
    InconsistentSeries,
    NoSeriesFound,
    UnreadableFile,
    UnsupportedSeries,
)
from ctreview.progress import Progress, quiet

__all__ = ["find_series"]

_REMEDIES = {
    "gap": "Send the series again from the archive; slices may have been lost on the way.",
    "doubled": "Remove the copies, or give the folder of one series.",
    "uneven": "Ask for resampling (LoadSettings(uneven='resample')), or use an evenly spaced reconstruction.",
    "mixed": "Give a folder that holds one series.",
    "wandering": "Use the original series of the scanner.",
    "incomplete": "Use the original series of the scanner.",
}


def find_series(path: Path | str, *, progress: Progress = quiet) -> tuple[Series, ...]:
    """List the image series at a path without decoding a pixel.

    Parameters
    ----------
    path : path
        A folder (searched to its depths, whatever else lies in it) or a file.
    progress : Progress
        Told how many files have been looked at.

    Returns
    -------
    tuple of Series
        Every series, also those that are not read (their ``refusal`` says why), by number.

    Raises
    ------
    NoSeriesFound
        Nothing there is DICOM.
    UnreadableFile
        The path does not exist, or is a single file that cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise UnreadableFile("there is nothing at this path", where=path)
    files = list(_files(path))
    instances: list[Instance] = []
    broken: list[UnreadableFile] = []
    others = 0
    for done, file in enumerate(files):
        if done % 16 == 0:
            progress(done, len(files), "reading headers")
        try:
            instances.append(read_header(file))
        except NotDicom:
            others += 1
        except UnreadableFile as error:
            broken.append(error)
    progress(len(files), len(files), "reading headers")
    if not instances:
        raise _nothing(path, files, broken, others)
    return _sorted(_series(instances, broken))


def _files(path: Path) -> Iterator[FileRef]:
    """Every file below, in a fixed order; links to folders are not followed, so that no circle is walked."""
    if path.is_file():
        yield FileRef(path)
        return
    for folder, folders, names in os.walk(path, followlinks=False):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():  # no sockets, no devices
                yield FileRef(file)


def _nothing(path: Path, files: Sequence[FileRef], broken: list[UnreadableFile], others: int) -> CtreviewError:
    if len(broken) == 1 and others == 0:
        return broken[0]
    if broken:
        return NoSeriesFound(
            f"none of {len(files)} files is a readable DICOM image ({len(broken)} are broken; the first: {broken[0]})",
            where=path,
        )
    if not files:
        return NoSeriesFound("the folder is empty", where=path, remedy="Give the folder that holds the DICOM files.")
    if len(files) == 1:
        return UnreadableFile("this is no DICOM file, whatever its name says", where=files[0])
    return NoSeriesFound(f"none of {len(files)} files is a DICOM file", where=path)


def _series(instances: list[Instance], broken: list[UnreadableFile]) -> list[Series]:
    groups: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        uid = instance.series_uid or f"folder:{instance.file.folder}"
        groups[uid, instance.modality, str(instance.series_number), kind_of(instance)].append(instance)
    found = []
    for (uid, _, _, kind), group in groups.items():
        made = _of_group(uid, kind, group)
        found += [_doubt(series, broken) for series in made]
    return found


def _of_group(uid: str, kind: str, group: list[Instance]) -> list[Series]:
    frames = [frame for instance in group for frame in instance.frames]
    against = reason_against(kind)
    if against is not None:
        return [_listed(uid, kind, group, frames, against)]
    thickness = group[0].acquisition.slice_thickness_mm
    return [_of_part(uid, group, part) for part in split(frames, thickness_mm=thickness)]


def _base(uid: str, kind: str, group: list[Instance], frames: Sequence[Frame]) -> Series:
    first = group[0]
    source = hashlib.sha256(uid.encode()).hexdigest()[:16]
    layout = frames[0].layout if frames else None
    return Series(
        key="",
        uid=uid if first.series_uid else f"source:{source}",
        modality=first.modality,
        kind=kind,
        acquisition=first.acquisition,
        shape=(len(frames), layout.rows if layout else 0, layout.columns if layout else 0),
        spacing=None,
        files=tuple(instance.file for instance in group),
        frames=tuple(frames),
        stack=None,
        frame_of_reference=first.frame_of_reference or f"source:{source}",
        number=first.series_number,
        warnings=tuple(dict.fromkeys(oddity for instance in group for oddity in instance.oddities)),
    )


def _listed(uid: str, kind: str, group: list[Instance], frames: list[Frame], against: str) -> Series:
    series = _base(uid, kind, group, frames)
    return replace(series, refusal=UnsupportedSeries(against, where=series.where))


def _of_part(uid: str, group: list[Instance], part: Part) -> Series:
    files = {frame.file for frame in part.frames}
    members = [instance for instance in group if instance.file in files]
    series = _base(uid, "volume", members, part.frames)
    series = replace(series, part=part.label, files=tuple(dict.fromkeys(frame.file for frame in part.frames)))
    if part.stack is not None:
        steps = [float((part.stack.affine[:3, axis] ** 2).sum() ** 0.5) for axis in range(3)]
        series = replace(
            series,
            stack=part.stack,
            spacing=(steps[0], steps[1], steps[2]),
            kind="volume" if len(part.frames) > 1 else "single image",
            warnings=(*series.warnings, *part.stack.notes, *_fewer_than_said(members, part)),
        )
    return replace(series, refusal=_refusal(series, part.fault))


def _fewer_than_said(members: list[Instance], part: Part) -> tuple[str, ...]:
    said = max((instance.images_in_acquisition or 0 for instance in members), default=0)
    if len(part.frames) < said:
        return (f"The header speaks of {said} images in the acquisition; {len(part.frames)} are here.",)
    return ()


def _refusal(series: Series, fault: StackFault | None) -> CtreviewError | None:
    if fault is not None:
        kind = UnsupportedSeries if fault.fault == "incomplete" else InconsistentSeries
        return kind(str(fault), where=series.where, remedy=_REMEDIES[fault.fault])
    try:
        for frame in series.frames:
            require_decodable(frame)
    except CtreviewError as error:
        return error
    return None


def _doubt(series: Series, broken: list[UnreadableFile]) -> Series:
    """A broken DICOM file beside the slices may be one of them: then the volume would be cut short in silence."""
    folders = {file.folder for file in series.files}
    beside = [error for error in broken if error.where and str(Path(error.where).parent) in folders]
    if not beside or series.refusal is not None:
        return series
    refusal = InconsistentSeries(
        f"{len(beside)} broken DICOM file(s) lie beside the slices and may belong to them (the first: {beside[0]})",
        where=series.where,
        remedy="Send the series again, or move the broken file away if it is of no account.",
    )
    return replace(series, refusal=refusal)


def _sorted(found: list[Series]) -> tuple[Series, ...]:
    """By number; every one with a key of its own."""
    found.sort(key=lambda series: (series.number is None, series.number or 0, series.uid, series.part or ""))
    stems: dict[str, list[Series]] = defaultdict(list)
    for series in found:
        number = "" if series.number is None else str(series.number)
        stems[f"{series.modality.lower() or 'image'}{number}"].append(series)
    keys: dict[int, str] = {}
    for stem, group in stems.items():
        uids = {series.uid for series in group}
        counts: dict[str, int] = defaultdict(int)
        for series in group:
            key = stem if len(uids) == 1 else f"{stem}-{hashlib.sha256(series.uid.encode()).hexdigest()[:4]}"
            counts[key] += 1
            same = sum(other.uid == series.uid for other in group)
            keys[id(series)] = f"{key}.{counts[key]}" if same > 1 else key
    return tuple(replace(series, key=keys[id(series)]) for series in found)
