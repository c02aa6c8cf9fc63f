"""ZIP archives, also in one another, read in place: nothing is unpacked onto the disk.

An archive may come from anywhere, so that nothing it declares is trusted: names are only names (they are
never joined to a folder), links and encrypted members are left out, and sizes, ratios, numbers and depth are
limited.
"""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from ctreview.dicom.safe_archive import open_archive, require_safe_member
from ctreview.dicom.source import FileRef
from ctreview.errors import UnreadableFile

__all__ = ["MAX_MEMBERS", "is_archive", "members"]

MAX_MEMBERS = 200_000
"""Members of one archive; the largest studies have some ten thousand images."""

MAX_DEPTH = 3
"""Archives in archives."""

MAX_TOTAL_BYTES = 64 << 30
"""Unpacked size of all members."""


def is_archive(path: Path) -> bool:
    """Whether a file starts as a ZIP archive does, whatever its name."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def members(path: Path) -> tuple[list[FileRef], list[str]]:
    """List what lies in an archive and in those within it.

    Returns
    -------
    list of FileRef
        Members that may be images.
    list of str
        A sentence for each thing that was left out for safety.

    Raises
    ------
    UnreadableFile
        It is broken, or one of the limits is passed.
    """
    found: list[FileRef] = []
    left_out: list[str] = []
    try:
        _collect(FileRef(path), (), found, left_out)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise UnreadableFile("the ZIP archive is broken", where=path, remedy="Send it again.") from error
    return found, left_out


def _collect(archive: FileRef, inside: tuple[str, ...], found: list[FileRef], left_out: list[str]) -> None:
    infos = open_archive(archive.path, inside).infolist()
    _limit(infos, archive)
    for info in infos:
        reason = _reason_against(info)
        if reason:
            left_out.append(f"{reason} was left out.")
        if reason or info.is_dir():
            continue
        ref = FileRef(archive.path, (*inside, info.filename))
        if info.filename.lower().endswith(".zip"):
            if len(inside) + 1 >= MAX_DEPTH:
                raise UnreadableFile(f"archives are nested more than {MAX_DEPTH} deep", where=ref)
            _collect(archive, ref.inside, found, left_out)
        else:
            found.append(ref)
        if len(found) > MAX_MEMBERS:
            raise UnreadableFile(f"the archives hold more than {MAX_MEMBERS} files", where=archive)


def _limit(infos: list[zipfile.ZipInfo], archive: FileRef) -> None:
    if len(infos) > MAX_MEMBERS:
        raise UnreadableFile(f"the archive holds more than {MAX_MEMBERS} files", where=archive)
    if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
        raise UnreadableFile("the archive unpacks to more than 64 GiB", where=archive)
    for info in infos:
        require_safe_member(info, archive)


def _reason_against(info: zipfile.ZipInfo) -> str | None:
    name = info.filename.replace("\\", "/")
    if stat.S_ISLNK(info.external_attr >> 16):
        return "A link in the archive"
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "A file whose name leads out of the archive"
    if info.flag_bits & 1:
        return "An encrypted file in the archive"
    return None
