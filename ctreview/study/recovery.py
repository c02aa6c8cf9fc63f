"""Studies that have no folder of their choice yet, kept where a program that was killed leaves them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from platformdirs import user_state_path

from ctreview.errors import CtreviewError, StudyLocked
from ctreview.study.store import Study

__all__ = ["begin", "discard", "left_over", "recovery_folder"]


def recovery_folder() -> Path:
    """Where unsaved studies lie: in the folder that the system has for the state of programs."""
    return user_state_path("ctreview", appauthor=False) / "recovery"


def begin() -> Study:
    """An empty study under a name of its own."""
    started = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return Study.create(recovery_folder() / f"{started}-{uuid4().hex[:6]}")


def left_over() -> tuple[Study, ...]:
    """Studies that hold a reader's work and that nobody has open, the latest first; those without work are removed."""
    there = recovery_folder()
    found = []
    for folder in sorted(there.iterdir(), reverse=True) if there.exists() else ():
        try:
            study = Study.open(folder)
            with study.writing():
                holds = any(reading.holds_work for reading in study.readings)
        except StudyLocked:
            continue
        except (CtreviewError, OSError):
            continue  # damaged or of another version: it stays where it is, for a person to look at
        if holds:
            found.append(study)
        else:
            discard(study)
    return tuple(found)


def discard(study: Study) -> None:
    """Remove an unsaved study.

    Raises
    ------
    ValueError
        It lies elsewhere: a study that the reader saved is never removed.
    """
    study.folder.relative_to(recovery_folder())
    shutil.rmtree(study.folder, ignore_errors=True)
