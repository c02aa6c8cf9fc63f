"""DICOMDIR: the table of contents of a CD or of an export (PS3.10, PS3.3 F)."""

from __future__ import annotations

import re
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
    folders = _Folders(path)
    for record in header.items(Tag.DirectoryRecordSequence):
        parts = record.words(Tag.ReferencedFileID)
        if parts:
            found.append(FileRef(folders.file(parts)))
    return list(dict.fromkeys(found))


class _Folders:
    """Finds the files that a DICOMDIR names beside it.

    They may have got another case, an ending (PS3.10 8.2 lets a medium have it), or the version of ISO 9660 (``;1``).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: dict[Path, dict[str, str]] = {}

    def file(self, parts: tuple[str, ...]) -> Path:
        """The named file; as it is named where there is none."""
        if any(part in ("", ".", "..") or "/" in part or "\\" in part or ":" in part for part in parts):
            raise UnreadableFile("the DICOMDIR names a file outside its own folder", where=self._path)
        place = self._path.parent
        for part in parts:
            place = place / self._named(place).get(_plain(part), part)
        exact = self._path.parent.joinpath(*parts)
        return exact if exact.is_file() else place

    def _named(self, folder: Path) -> dict[str, str]:
        """Real names in a folder by their plain ones."""
        if folder not in self._names:
            try:
                names = sorted(entry.name for entry in folder.iterdir())
            except OSError:
                names = []
            self._names[folder] = {_plain(name): name for name in reversed(names)}
        return self._names[folder]


def _plain(name: str) -> str:
    """A name without case, version and the ending of an image."""
    return re.sub(r"\.(dcm|ima|dicom)$", "", re.sub(r";\d+$", "", name.casefold()))
