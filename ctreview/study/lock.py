"""The file that says who has a study open."""

from __future__ import annotations

import getpass
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ctreview.errors import StudyLocked
from ctreview.processes import is_running

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
    _take(path, content)
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text(encoding="utf-8") == content:
                path.unlink()


def _take(path: Path, content: str) -> None:
    for _ in range(2):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            holder = _holder(path)
            if not _gone(holder):
                break
            path.unlink(missing_ok=True)
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return
    holder = _holder(path)
    raise StudyLocked(
        f"{holder.get('user', 'somebody')} has this study open on {holder.get('computer', 'another computer')}"
        f" since {holder.get('since', 'an unknown time')}",
        where=path.parent,
        remedy=f"Close it there. If nobody has it open, delete {path.name}.",
    )


def _holder(path: Path) -> dict[str, str | int]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _gone(holder: dict[str, str | int]) -> bool:
    """Whether the holder ran on this computer and runs no more."""
    process = holder.get("process")
    if holder.get("computer") != platform.node() or not isinstance(process, int):
        return False
    if process == os.getpid():
        return False
    return not is_running(process)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a name, as in some containers
        return "somebody"
