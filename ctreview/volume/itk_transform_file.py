"""ITK's transform files: written and read under a plain name, with what its libraries print caught.

HDF5 prints a stack of errors on the screen before ITK says anything, and a path that is no UTF-8 ends the process
within C++. So files go through a temporary folder, and messages into the log ``ctreview.itk``.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ctreview.errors import UnreadableFile

__all__ = ["read_itk_transform", "write_itk_transform"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_BYTES = 4 << 30
_SCREEN = 2
_lock = threading.Lock()
_log = logging.getLogger("ctreview.itk")
_log.addHandler(logging.NullHandler())  # whoever wants the messages adds a handler; else they go nowhere


def write_itk_transform(transform: Any, path: Path) -> None:
    """Write a SimpleITK transform as HDF5."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "transform.h5")
        with _messages():
            sitk.WriteTransform(transform, str(plain))
        shutil.copyfile(plain, path)


def read_itk_transform(path: Path) -> Any:
    """Read a SimpleITK transform from HDF5.

    Raises
    ------
    UnreadableFile
        It is none, or broken.
    """
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        raise UnreadableFile("there is no file of a transform at this path", where=path)
    with path.open("rb") as stream:
        if stream.read(len(_SIGNATURE)) != _SIGNATURE:
            raise UnreadableFile("the file does not read as a transform", where=path)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "transform.h5")
        shutil.copyfile(path, plain)
        try:
            with _messages():
                return sitk.ReadTransform(str(plain))
        except RuntimeError as error:
            raise UnreadableFile("the file does not read as a transform", where=path) from error


@contextmanager
def _messages() -> Iterator[None]:
    """Catch what libraries print on the screen past Python, and put it into the log."""
    with _lock, tempfile.TemporaryFile() as caught:
        try:
            screen = os.dup(_SCREEN)
        except OSError:  # no screen, as in a window of Windows
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(caught.fileno(), _SCREEN)
        try:
            yield
        finally:
            os.dup2(screen, _SCREEN)
            os.close(screen)
            caught.seek(0)
            said = caught.read().decode("utf-8", "replace").strip()
            if said:
                _log.warning(said)
