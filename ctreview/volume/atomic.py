"""Files and folders that appear whole or not at all.

Until then they lie beside their target in a hidden folder that names its owner. One whose owner was killed is swept by
the next that writes in the same place.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ctreview.processes import computer_hash, is_running

if sys.platform != "win32":
    import fcntl

__all__ = ["atomic_folder", "atomic_path", "remove_leftovers"]

_OURS = re.compile(r"\.(writing|old)-(?P<computer>[0-9a-f]{8})-(?P<process>\d+)-.+")


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
    with _own_folder("writing", path.parent) as folder:
        draft = folder / path.name
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
    if path.parent.exists():
        remove_leftovers(path.parent)  # what a killed program moved aside is in its place again before it is looked for
    _require_free(path, replace)
    with _own_folder("writing", path.parent) as draft:
        yield draft
        for file in sorted(draft.rglob("*")):
            if file.is_file():
                _flush(file)
        draft.chmod(0o755 & ~_umask())
        _require_free(path, replace)
        _put(draft, path)
        _flush(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed programs left half-written in a folder, and put back what they had moved aside.

    Only what `atomic_path` and `atomic_folder` made is touched, and of that only what belongs to a process of this
    computer that runs no more. Folders that cannot be removed stay.
    """
    with suppress(OSError):
        for entry in sorted(folder.iterdir()):  # ".old" before ".writing"
            found = _OURS.fullmatch(entry.name)
            if found is None or found["computer"] != computer_hash() or is_running(int(found["process"])):
                continue
            with _held(entry) as free:
                if free:
                    _clear(entry)


@contextmanager
def _own_folder(kind: str, parent: Path) -> Iterator[Path]:
    """A folder of this process, told from those that were left behind; removed with what is still in it at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(parent)
    folder = Path(tempfile.mkdtemp(prefix=f".{kind}-{computer_hash()}-{os.getpid()}-", dir=parent))
    try:
        with _held(folder):
            yield folder
    finally:
        _clear(folder)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold a folder's lock, which ends with the process; gives whether nobody else holds it.

    Process numbers alone would not do: containers may share a folder and a computer's name, and count on their own.
    """
    if sys.platform == "win32":  # no such locks; an open file cannot be removed there either
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        free = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # somebody's, or a file system without locks, where nobody can tell
            free = False
        yield free
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Remove a folder of ours, after what was moved aside into it went back to where nothing came in its place.

    Where it cannot go back it stays where it is, since there is no other copy.
    """
    with suppress(OSError):
        if folder.name.startswith(".old-"):
            for old in folder.iterdir():
                if not (folder.parent / old.name).exists():
                    old.rename(folder.parent / old.name)
        shutil.rmtree(folder, ignore_errors=True)


def _require_free(path: Path, replace: bool) -> None:
    if not replace and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{path} exists and is not empty")


def _put(draft: Path, path: Path) -> None:
    """Rename a folder onto its target; an old one is moved aside first, and comes back whatever stops the rename."""
    if not path.exists():
        draft.rename(path)
        return
    with _own_folder("old", path.parent) as folder:
        path.rename(folder / path.name)
        draft.rename(path)


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
