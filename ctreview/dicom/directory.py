"""DICOMDIR: the table of contents of a CD or of an export (PS3.10, PS3.3 F)."""

from __future__ import annotations

from pathlib import Path

from ctreview.dicom.elements import Elements, MalformedDataSet, Walker
from ctreview.dicom.source import FileRef
from ctreview.dicom.tags import Tag
from ctreview.errors import UnreadableFile

__all__ = ["dicomdir_files"]


def dicomdir_files(path: Path) -> list[FileRef]:
    """Files that a DICOMDIR names, in its order; those that are missing too, since their absence matters.

    Raises
    ------
    UnreadableFile
        It is no DICOMDIR, broken, or names files outside its own folder.
    """
    file = FileRef(path)
    with file.open() as (stream, size):
        try:
            walker = Walker(stream, size)
            if bytes(walker.buffer[128:132]) != b"DICM":
                raise MalformedDataSet("it does not start as a DICOM file does")
            header = Elements()
            pos = walker.data_set(132, size, Elements(), only_group=2)
            # the directory records begin with group 4, which the meta group's walk stops at
            walker.data_set(pos, size, header)
        except (MalformedDataSet, RecursionError) as error:
            raise UnreadableFile(f"the DICOMDIR is broken: {error}", where=file) from error
    found = []
    for record in header.items(Tag.DirectoryRecordSequence):
        parts = record.words(Tag.ReferencedFileID)
        if parts:
            found.append(FileRef(_within(path, parts)))
    return list(dict.fromkeys(found))


def _within(path: Path, parts: tuple[str, ...]) -> Path:
    """The named file beside the DICOMDIR; file systems that mind the case may hold it in lower case."""
    if any(part in ("", ".", "..") or "/" in part or "\\" in part or ":" in part for part in parts):
        raise UnreadableFile("the DICOMDIR names a file outside its own folder", where=path)
    file = path.parent.joinpath(*parts)
    if file.exists():
        return file
    lower = path.parent.joinpath(*(part.lower() for part in parts))
    return lower if lower.exists() else file
