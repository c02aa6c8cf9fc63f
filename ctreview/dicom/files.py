"""Every file at a path that may be a DICOM file: in folders, DICOMDIR and ZIP archives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ctreview.dicom.archive import is_archive, members
from ctreview.dicom.directory import dicomdir_files
from ctreview.dicom.source import FileRef
from ctreview.errors import InputRefused, UnreadableFile

__all__ = ["MAX_FILES", "OTHER_FORMATS", "files_at"]

MAX_FILES = 200_000
"""More files than this are not one patient's, nor one ward's day."""


OTHER_FORMATS = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
"""Endings of NIfTI, NRRD and MetaImage, which are read as single files."""


def files_at(path: Path) -> tuple[list[FileRef], list[str]]:
    """List what may be DICOM at a path, in a fixed order.

    Parameters
    ----------
    path : path
        A folder, a ZIP archive, a DICOMDIR, or one file.

    Returns
    -------
    list of FileRef
        Files, also those in archives.
    list of str
        A sentence for each thing that was left out.

    Raises
    ------
    InputRefused
        There are too many files, or an archive or directory file is broken.
    """
    if path.is_file():
        if is_archive(path):
            return members(path)
        if path.name.upper() == "DICOMDIR":
            return dicomdir_files(path), []
        return [FileRef(path)], []
    found: list[FileRef] = []
    left_out: list[str] = []
    for file in _walk(path):
        if file.suffix.lower() == ".zip" and is_archive(file):
            inside, notes = members(file)
            found += inside
            left_out += notes
        elif file.name.upper() != "DICOMDIR":
            found.append(FileRef(file))
        if len(found) > MAX_FILES:
            raise InputRefused(
                f"more than {MAX_FILES} files lie here", where=path, remedy="Give the folder of one patient or study."
            )
    return found, left_out


def _walk(path: Path) -> Iterator[Path]:
    """Files below a folder; links to folders are not followed, so that no circle is walked."""

    def object_to(error: OSError) -> None:
        raise UnreadableFile("the folder may not be read", where=error.filename, remedy="Ask for permission.")

    for folder, folders, names in os.walk(path, followlinks=False, onerror=object_to):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():  # no sockets, no devices, no links into nowhere
                yield file
