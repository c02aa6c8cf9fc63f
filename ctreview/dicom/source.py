"""Where a DICOM file's bytes come from: a file on disk, or a member of an archive (or of an archive in one)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ctreview.dicom.safe_archive import open_member
from ctreview.errors import UnreadableFile

__all__ = ["MAX_FILE_BYTES", "FileRef"]

MAX_FILE_BYTES = 8 << 30
"""A file or archive member larger than this is not an image that ctreview could hold."""


@dataclass(frozen=True, slots=True, order=True)
class FileRef:
    """A file on disk, or what lies in an archive there.

    Attributes
    ----------
    path : Path
        The file on disk.
    inside : tuple of str
        Names of members, from the outer archive inwards; empty for a plain file.
    """

    path: Path
    inside: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "!".join((str(self.path), *self.inside))

    @property
    def name(self) -> str:
        """The last part of the name, for lists."""
        return self.inside[-1].rsplit("/", 1)[-1] if self.inside else self.path.name

    @property
    def folder(self) -> str:
        """What the file shares with its neighbours: the folder, on disk or in the archive."""
        if self.inside:
            return "!".join((str(self.path), *self.inside[:-1], self.inside[-1].rpartition("/")[0]))
        return str(self.path.parent)

    @contextmanager
    def open(self) -> Iterator[tuple[BinaryIO, int]]:
        """The bytes as a stream, and how many they are.

        Raises
        ------
        UnreadableFile
            The file is gone, locked, forbidden, or the archive around it is broken.
        """
        try:
            if not self.inside:
                with self.path.open("rb") as stream:
                    size = stream.seek(0, io.SEEK_END)
                    stream.seek(0)
                    yield stream, size
            else:
                with _member(self) as opened:
                    yield opened
        except PermissionError as error:
            raise UnreadableFile("the file may not be read", where=self, remedy="Ask for permission.") from error
        except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            reason = getattr(error, "strerror", None) or "its container is broken"
            raise UnreadableFile(f"the file cannot be read ({reason})", where=self) from error


@contextmanager
def _member(ref: FileRef) -> Iterator[tuple[BinaryIO, int]]:
    stream, size = open_member(ref.path, ref.inside)
    with stream:
        yield stream, size
