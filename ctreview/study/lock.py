"""The file that says who has a study open."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from ctreview.errors import StudyLocked
from ctreview.processes import is_running

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["locked"]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file for as long as the block runs.

    A lock left behind by a process of this computer that no longer runs is taken over; one of another computer is
    not, since nobody here can tell.

    Raises
    ------
    StudyLocked
        Somebody else holds it; the message names who, where and since when.
    """
    content = json.dumps(
        {
            "user": _user(),
            "computer": platform.node(),
            "process": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    with _one_at_a_time(path.parent):
        _take(path, content)
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text(encoding="utf-8") == content:
                path.unlink()


def _take(path: Path, content: str) -> None:
    """Make the lock file, in place of one that was left behind; nobody else of this computer is here meanwhile."""
    holder = _holder(path) if path.exists() else None
    if holder is not None and _gone(holder):
        path.unlink(missing_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        _refuse(path)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _refuse(path: Path) -> NoReturn:
    holder = _holder(path)
    raise StudyLocked(
        f"{holder.get('user', 'somebody')} has this study open on {holder.get('computer', 'another computer')}"
        f" since {holder.get('since', 'an unknown time')}",
        where=path.parent,
        remedy=f"Close it there. If nobody has it open, delete {path.name}.",
    )


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let the processes of this computer in one after the other.

    Two that find the same lock left behind would else both remove it: the later one that of the earlier. The system
    ends this hold with the process. Where a file system has no such locks, the lock file alone has to do.
    """
    handle = _handle_for(folder)
    try:
        with suppress(OSError):
            _hold(handle)
        yield
    finally:
        with suppress(OSError):
            _let_go(handle)  # closing would not do: a child may have inherited it
        os.close(handle)


if sys.platform == "win32":

    def _handle_for(folder: Path) -> int:
        """A file of the same name for every process: a folder cannot be held there."""
        name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
        return os.open(Path(tempfile.gettempdir()) / f"ctreview-{name}.lock", os.O_RDWR | os.O_CREAT)

    def _hold(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

    def _let_go(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:

    def _handle_for(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)

    def _hold(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _let_go(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


def _holder(path: Path) -> dict[str, str | int]:
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _gone(holder: dict[str, str | int]) -> bool:
    """Whether the holder ran on this computer and runs no more."""
    process = holder.get("process")
    if holder.get("computer") != platform.node() or not isinstance(process, int) or not 0 < process < 2**31:
        return False
    if process == os.getpid():
        return False
    return not is_running(process)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a name, as in some containers
        return "somebody"
