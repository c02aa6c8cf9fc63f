"""Where the reader's work stands: on the disk, written out, or signed; in one line that is always in view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ctreview.review.workspace import Workspace

__all__ = ["SaveState", "WrittenWork", "save_state"]


@dataclass(frozen=True)
class WrittenWork:
    """What masks, numbers and report were written with last.

    Attributes
    ----------
    work : tuple
        Reader's folder, number of records, findings and key images: what they rest on.
    time : datetime
        When, with its zone.
    """

    work: tuple[object, ...]
    time: datetime

    @staticmethod
    def mark(workspace: Workspace) -> tuple[object, ...]:
        """What would be written now."""
        folder = None if workspace.reading is None else workspace.reading.folder
        return folder, len(workspace.journal), workspace.findings, workspace.key_images


@dataclass(frozen=True)
class SaveState:
    """How safe the work is.

    Attributes
    ----------
    kind : {"nothing", "unsaved", "behind", "saved", "signed"}
        "behind" where acts are kept, and masks and report were written before the last of them.
    words : str
        The same for the reader.
    """

    kind: Literal["nothing", "unsaved", "behind", "saved", "signed"]
    words: str


def save_state(workspace: Workspace, written: WrittenWork | None) -> SaveState:
    """How safe the work of an open reading is.

    Parameters
    ----------
    workspace : Workspace
    written : WrittenWork or None
        What was written last in this window; None if nothing was.
    """
    study, reading = workspace.study, workspace.reading
    if study is None or reading is None:
        marked = len(workspace.findings) + len(workspace.key_images)
        return SaveState("nothing", "Nothing is being read." if not marked else "Marks are kept once steps are run.")
    if reading.state == "signed":
        return SaveState("signed", f"Signed: {workspace.author}, version {reading.version}, “{study.folder.name}”")
    records = len(workspace.journal)
    kept = f"{records} record{'' if records == 1 else 's'} kept"
    if not workspace.saved:
        return SaveState("unsaved", f"Not saved to a study yet; {kept} for recovery")
    name = f"“{study.folder.name}”"
    if written is not None and written.work[0] == reading.folder:
        at = _when(written.time)
        if written.work == WrittenWork.mark(workspace):
            return SaveState("saved", f"Saved {at} in {name}")
        return SaveState("behind", f"Draft in {name}, {kept}; masks and report are those of {at}")
    return SaveState("behind", f"Draft in {name}, {kept}; press Save to write masks and report anew")


def _when(time: datetime) -> str:
    """The local time, with the date where it is not today's."""
    local = time.astimezone()
    return local.strftime("%H:%M" if local.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M")
