"""From a path to the series that lie there."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.classify import kind_of, refusal_reason
from ctreview.dicom.copies import without_copies
from ctreview.dicom.decode import require_decodable
from ctreview.dicom.files import OTHER_FORMATS, files_at
from ctreview.dicom.frame import Frame, Instance
from ctreview.dicom.header import NotDicom, read_header
from ctreview.dicom.safe_archive import close_archives
from ctreview.dicom.sampling import sampling_warnings
from ctreview.dicom.series import Series
from ctreview.dicom.sort import StackFault
from ctreview.dicom.source import FileRef
from ctreview.dicom.split import SliceGroup, split_slices
from ctreview.dicom.syntaxes import SYNTAXES
from ctreview.errors import (
    CtreviewError,
    InconsistentSeries,
    NoSeriesFound,
    UnreadableFile,
    UnsupportedSeries,
)
from ctreview.progress import Progress, quiet

__all__ = ["find_series"]

_IMAGE_SUFFIXES = (".dcm", ".ima", ".dicom")

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
        A folder (searched to its depths, whatever else lies in it), a ZIP archive, a DICOMDIR, or a DICOM file.
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
    try:
        return _found_series(path, progress)
    finally:
        close_archives()


def _found_series(path: Path, progress: Progress) -> tuple[Series, ...]:
    files, left_out = files_at(path)
    found = _ScannedFiles([], [], [])
    for done, file in enumerate(files):
        if done % 16 == 0:
            progress(done, len(files), "reading headers")
        found.add(file)
    progress(len(files), len(files), "reading headers")
    if not found.instances:
        raise _no_series(path, files, found)
    return _sorted(_series(found, tuple(left_out)))


@dataclass
class _ScannedFiles:
    """What the files turned out to be."""

    instances: list[Instance]
    broken: list[tuple[FileRef, UnreadableFile]]
    misnamed: list[FileRef]
    """Files that are called like images and are none."""

    def add(self, file: FileRef) -> None:
        try:
            self.instances.append(read_header(file))
        except NotDicom as reason:
            if file.name.lower().endswith(_IMAGE_SUFFIXES):
                if reason.empty:
                    self.broken.append((file, UnreadableFile("the file is empty", where=file)))
                else:
                    self.misnamed.append(file)
        except UnreadableFile as error:
            self.broken.append((file, error))


def _no_series(path: Path, files: Sequence[FileRef], found: _ScannedFiles) -> CtreviewError:
    """The one error that says best why there is no series."""
    if not files:
        return NoSeriesFound("nothing lies here", where=path, remedy="Give the folder that holds the DICOM files.")
    if len(files) == 1 and found.broken:
        return found.broken[0][1]
    images = [file.name for file in files if file.name.lower().endswith(OTHER_FORMATS)]
    if images:
        return NoSeriesFound(
            f"there is no DICOM file here, but {len(images)} of NIfTI, NRRD or MetaImage ({images[0]})",
            where=path,
            remedy="Give the file itself.",
        )
    if len(files) == 1:
        return UnreadableFile("this is no DICOM file, whatever its name says", where=files[0])
    if found.broken:
        first = found.broken[0][1]
        return NoSeriesFound(
            f"none of {len(files)} files is a readable DICOM image, {len(found.broken)} are broken ({first})",
            where=path,
        )
    named = f" ({found.misnamed[0].name} is only called so)" if found.misnamed else ""
    return NoSeriesFound(
        f"none of {len(files)} files is a DICOM file{named}",
        where=path,
        remedy="Give the folder that holds the DICOM files.",
    )


def _series(found: _ScannedFiles, left_out: tuple[str, ...]) -> list[Series]:
    groups: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in found.instances:
        uid = instance.series_uid or f"folder:{instance.file.folder}"
        groups[uid, instance.modality, str(instance.series_number), kind_of(instance)].append(instance)
    listed = [
        series
        for (uid, _, _, kind), group in groups.items()
        for study, members in _studies(group)
        for series in _series_of_group(uid, kind, study, members)
    ]
    return [_refuse_beside_broken(replace(series, warnings=(*series.warnings, *left_out)), found) for series in listed]


def _studies(group: list[Instance]) -> list[tuple[str | None, list[Instance]]]:
    """Images of one series UID, by the study that they belong to, each with what to call it.

    An anonymiser may give one UID to the series of two timepoints; study UID or study date tell them apart. Where
    nearly every image names a study of its own, that is a fault of the writer and tells nothing.
    """
    by_study: dict[tuple[str, str], list[Instance]] = defaultdict(list)
    for instance in group:
        by_study[instance.study_uid, instance.study_date].append(instance)
    if len(by_study) == 1 or 2 * len(by_study) > len(group):
        return [(None, group)]
    ordered = sorted(by_study, key=lambda key: (key[1], key[0]))
    return [(f"study {number}", by_study[key]) for number, key in enumerate(ordered, 1)]


def _series_of_group(uid: str, kind: str, study: str | None, group: list[Instance]) -> list[Series]:
    group, note = without_copies(group)
    frames = [frame for instance in group for frame in instance.frames]
    reason = refusal_reason(kind)
    if reason is not None:
        return [replace(_unreadable_series(uid, kind, group, frames, reason), part=study)]
    thickness = group[0].acquisition.slice_thickness_mm
    found = [
        _series_of_part(uid, group, part)
        for part in split_slices(frames, thickness_mm=thickness, modality=group[0].modality)
    ]
    return [
        replace(
            series,
            part=", ".join(word for word in (study, series.part) if word) or None,
            warnings=(*series.warnings, *note),
        )
        for series in found
    ]


def _base(uid: str, kind: str, group: list[Instance], frames: Sequence[Frame]) -> Series:
    first = group[0]
    source = hashlib.sha256(uid.encode()).hexdigest()[:16]
    layout = frames[0].layout if frames else None
    lossy = first.acquisition.lossy or any(_is_lossy(frame) for frame in frames)
    return Series(
        key="",
        uid=uid if first.series_uid else f"source:{source}",
        modality=first.modality,
        kind=kind,
        acquisition=replace(first.acquisition, lossy=lossy),
        shape=(len(frames), layout.rows if layout else 0, layout.columns if layout else 0),
        spacing=None,
        files=tuple(instance.file for instance in group),
        frames=tuple(frames),
        stack=None,
        frame_of_reference=first.frame_of_reference or f"source:{source}",
        number=first.series_number,
        warnings=(*dict.fromkeys(warning for instance in group for warning in instance.warnings), *_lossy_note(lossy)),
    )


def _is_lossy(frame: Frame) -> bool:
    syntax = SYNTAXES.get(frame.layout.syntax)
    return syntax is not None and syntax.lossy


def _lossy_note(lossy: bool) -> tuple[str, ...]:
    return ("The pixels went through a lossy compression, which changes densities.",) if lossy else ()


def _unreadable_series(uid: str, kind: str, group: list[Instance], frames: list[Frame], reason: str) -> Series:
    series = _base(uid, kind, group, frames)
    return replace(series, refusal=UnsupportedSeries(reason, where=series.where))


def _series_of_part(uid: str, group: list[Instance], part: SliceGroup) -> Series:
    files = dict.fromkeys(frame.file for frame in part.frames)
    members = [instance for instance in group if instance.file in files]
    series = replace(_base(uid, "volume", members, part.frames), part=part.label, files=tuple(files))
    series = replace(series, acquisition=_of_part(series.acquisition, group, part))
    if _frame_of_reference_of_each_slice(members):
        source = hashlib.sha256(uid.encode()).hexdigest()[:16]
        series = replace(
            series, frame_of_reference=f"source:{source}", warnings=(*series.warnings, _OWN_FRAMES_OF_REFERENCE)
        )
    if part.stack is not None:
        steps = [float(np.linalg.norm(part.stack.affine[:3, axis])) for axis in range(3)]
        series = replace(
            series,
            stack=part.stack,
            spacing=(steps[0], steps[1], steps[2]),
            kind="volume" if len(part.frames) > 1 else "single image",
            warnings=(
                *series.warnings,
                *part.stack.notes,
                *_missing_images_warning(members, part),
                *sampling_warnings(series.acquisition.slice_thickness_mm, members, part.stack),
            ),
        )
    return replace(series, refusal=_refusal(series, members, part.fault))


def _of_part(acquisition: Acquisition, group: list[Instance], part: SliceGroup) -> Acquisition:
    """What holds for these slices of a series: their own echo time and image type, and how many echoes there are."""
    first = part.frames[0].attributes
    echo, inversion, image_type = first.get("echo"), first.get("inversion time"), first.get("image type")
    times = {frame.attributes.get("echo") for instance in group for frame in instance.frames} - {None}
    known = acquisition.sequence
    sequence = replace(
        known,
        echo_time_ms=echo if isinstance(echo, float) else known.echo_time_ms,
        inversion_time_ms=inversion if isinstance(inversion, float) and inversion > 0 else known.inversion_time_ms,
        image_type=tuple(str(word) for word in image_type) if isinstance(image_type, tuple) else known.image_type,
        echoes=len(times) or None,
    )
    return replace(acquisition, sequence=sequence)


_OWN_FRAMES_OF_REFERENCE = (
    "Each slice names a frame of reference of its own. Study, series and time of acquisition are one, "
    "so the slices were read as one volume."
)


def _frames_of_reference(members: list[Instance]) -> int:
    return len({instance.frame_of_reference for instance in members if instance.frame_of_reference})


def _frame_of_reference_of_each_slice(members: list[Instance]) -> bool:
    """Whether frames of reference tell nothing: nearly every slice of one acquisition has its own.

    Some anonymisers replace the UID anew in each file. A patient who was moved leaves two or a few of them.
    """
    one_acquisition = len({(instance.study_uid, instance.acquisition.acquired) for instance in members}) == 1
    return len(members) > 2 and one_acquisition and 2 * _frames_of_reference(members) > len(members)


def _missing_images_warning(members: list[Instance], part: SliceGroup) -> tuple[str, ...]:
    said = max((instance.images_in_acquisition or 0 for instance in members), default=0)
    if len(part.frames) < said:
        return (f"The header speaks of {said} images in the acquisition; {len(part.frames)} are here.",)
    return ()


def _refusal(series: Series, members: list[Instance], fault: StackFault | None) -> CtreviewError | None:
    """Why the slices are not read: they cannot be decoded, belong to two patients or places, or make no grid."""
    try:
        for frame in series.frames:
            require_decodable(frame)
    except CtreviewError as error:
        return error
    bare = sum(not frame.rescaled for frame in series.frames) if series.modality == "CT" else 0
    if bare:
        return UnsupportedSeries(
            f"there is no rescaling to HU in {bare} of {len(series.frames)} slices",
            where=series.where,
            remedy="Send the original series again from the archive; its numbers are no densities as they are.",
        )
    first = members[0]
    if any(first.acquisition.patient.conflicts(other.acquisition.patient) for other in members):
        return InconsistentSeries("slices of two patients share one series", where=series.where)
    if _frames_of_reference(members) > 1 and not _frame_of_reference_of_each_slice(members):
        return InconsistentSeries(
            "slices of one series lie in different frames of reference",
            where=series.where,
            remedy="The patient was moved in between; use the original series of the scanner.",
        )
    if fault is not None:
        kind = UnsupportedSeries if fault.fault == "incomplete" else InconsistentSeries
        return kind(str(fault), where=series.where, remedy=_REMEDIES[fault.fault])
    return None


def _refuse_beside_broken(series: Series, found: _ScannedFiles) -> Series:
    """Refuse slices beside which a broken DICOM file lies.

    It may be one of them, and then the volume would be cut short in silence.
    """
    folders = {file.folder for file in series.files}
    if series.refusal is not None and not isinstance(series.refusal, InconsistentSeries):
        return series
    misnamed = [file.name for file in found.misnamed if file.folder in folders]
    if misnamed:
        says = f"{len(misnamed)} file(s) beside the slices are called like images and are none ({misnamed[0]})."
        series = replace(series, warnings=(*series.warnings, says))
    beside = [error for file, error in found.broken if file.folder in folders]
    if not beside:
        return series
    refusal = InconsistentSeries(
        f"{len(beside)} broken DICOM file(s) lie beside the slices and may belong to them (the first: {beside[0]})",
        where=series.where,
        remedy="Send the series again, or move the broken file away if it is of no account.",
    )
    return replace(series, refusal=refusal)


def _rank(series: Series) -> tuple[object, ...]:
    """By number, then such that files in another order give the same list; numbers in words count as numbers."""
    words = re.split(r"(\d+(?:\.\d+)?)", series.part or "")
    part = tuple((float(word), "") if word[:1].isdigit() else (-1.0, word) for word in words)
    return series.number is None, series.number or 0, series.uid, series.kind, part


def _sorted(found: list[Series]) -> tuple[Series, ...]:
    """By number; every one with a key of its own."""
    found.sort(key=_rank)
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
