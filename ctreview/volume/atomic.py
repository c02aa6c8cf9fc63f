"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["atomic_folder", "atomic_path"]


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Write a file under a temporary name beside its target, then put it in place in one step.

    Parameters
    ----------
    path : path
        The target; its folder is made if need be. A file already there stays until the new one is complete.

    Yields
    ------
    Path
        Where to write. The name ends like the target's (``.seg.nrrd``, ``.nii.gz``), since writers go by it.
        If the block raises, or the program is stopped, the target is untouched and the temporary file removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as folder:
        draft = Path(folder, path.name)
        yield draft
        _flush(draft)
        draft.replace(path)
        _flush(path.parent)


@contextmanager
def atomic_folder(path: Path | str, *, replace: bool = False) -> Iterator[Path]:
    """Fill a folder under a temporary name beside its target, then put it in place.

    Parameters
    ----------
    path : path
        The target folder.
    replace : bool
        Whether a folder that is already there, and not empty, gives way.

    Yields
    ------
    Path
        An empty folder to write into.

    Raises
    ------
    FileExistsError
        Something is there already and `replace` is false; nothing was done.
    """
    path = Path(path)
    if not replace and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{path} exists and is not empty")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".writing-", dir=path.parent))
    try:
        yield draft
        for file in sorted(draft.rglob("*")):
            if file.is_file():
                _flush(file)
        draft.chmod(0o755 & ~_umask())
        _put(draft, path)
        _flush(path.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, path: Path) -> None:
    """Rename a folder onto its target; an old one is moved aside first, and back if the rename fails."""
    if not path.exists():
        draft.rename(path)
        return
    aside = Path(tempfile.mkdtemp(prefix=".old-", dir=path.parent)) / path.name
    path.rename(aside)
    try:
        draft.rename(path)
    except OSError:
        aside.rename(path)
        raise
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)


def _flush(path: Path) -> None:
    """Have the disk take what was written, where the system can do that."""
    with suppress(OSError):  # folders cannot be opened on Windows
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
