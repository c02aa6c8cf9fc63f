"""Save, open, sign: the reader's work goes to folders, while the window stays free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from ctreview.errors import ImageMoved, WrongUse, in_words
from ctreview.progress import Progress
from ctreview.review.locating import locate_images
from ctreview.review.unsaved import unsaved_work
from ctreview.review.workspace import Workspace
from ctreview.study import Study
from ctreview.study.store import require_reader_name
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.save_state import SaveState, WrittenWork, save_state
from napari_ctreview.session.steps import SIGNED, Step

if TYPE_CHECKING:
    from napari_ctreview.input_output.scans import Scan
    from napari_ctreview.session.reading_mode import ReadingMode

__all__ = ["MovedImages", "StudyArchive"]


@dataclass(frozen=True, eq=False)
class MovedImages:
    """A study that could not be opened because its scans were moved.

    Attributes
    ----------
    study : Study
    blinded, author
        How it was to be opened.
    said : str
        What is missing.
    """

    study: Study
    blinded: bool
    author: str | None
    said: str


class StudyArchive(QObject):
    """Saves, opens, closes and signs what is read, in whichever mode.

    Parameters
    ----------
    state : ReadingState

    Attributes
    ----------
    moved : MovedImages or None
        A study whose scans the reader is asked for.
    """

    def __init__(self, state: ReadingState) -> None:
        super().__init__(state)
        self._state = state
        self.moved: MovedImages | None = None

    @property
    def save_state(self) -> SaveState:
        """How safe the reader's work is now."""
        return save_state(self._state.workspace, self._state.written)

    @property
    def unsaved(self) -> str:
        """What of the reader's work is in no study of his own, in words; empty where all is."""
        workspace = self._state.workspace
        if workspace.study is None:
            marks = len(workspace.findings) + len(workspace.key_images)
            return f"{marks} mark{'' if marks == 1 else 's'}, kept nowhere before the steps are run." if marks else ""
        work = None if workspace.saved else unsaved_work(workspace.study)
        if work is None or not work.acts + work.findings + work.key_images:
            return ""
        return f"{work.title}. {work.content}. It is kept for recovery, and offered at the next start."

    def name_reader(self, name: str) -> None:
        """Say who reads, before anything is read.

        Raises
        ------
        WrongUse
            The name cannot be a folder's.
        """
        require_reader_name(name.strip())
        if self._state.study is None:
            self._state.workspace.author = name.strip()
        self._state.changed.emit()

    # --- save

    def save(self) -> None:
        """Write masks, numbers and the report page to the study's folder; acts are there already.

        A signed reading is read-only: `ReadingState.failed` says so.
        """
        state, reading = self._state, self._state.reading
        if reading is not None and reading.state == "signed":
            state.record("Nothing was saved", reading.require_draft)
            return
        work = state.mode.save_job()
        if work is None:
            state.failed.emit("There is nothing to be saved yet: run the steps first.")
            return
        mark = WrittenWork.mark(state.workspace)  # what is done meanwhile is not in it
        state.worker.start("save", work, lambda _: self._saved(mark))

    def save_as(self, folder: Path | str) -> None:
        """Save into a folder of the reader's choice, and go on there; a signed reading is copied as it is."""
        state, workspace = self._state, self._state.workspace
        if not state.mode.begun or workspace.study is None:
            state.failed.emit("There is nothing to be saved yet: run the steps first.")
            return

        def moved(study: Study) -> None:
            workspace.move_to(study)
            if state.signed:
                state.set_step("sign", Step("done", f"copied to {study.folder.name}. {SIGNED.capitalize()}"))
            else:
                self.save()

        state.worker.start("save", lambda _: workspace.save_as(folder), moved)

    def _saved(self, mark: tuple[object, ...]) -> None:
        study = self._state.study
        assert study is not None
        self._state.written = WrittenWork(mark, datetime.now(UTC))
        self._state.set_step("sign", Step("to do", f"saved in {study.folder.name}, a draft until it is signed"))

    # --- open

    def open(
        self,
        folder: Path | str,
        *,
        blinded: bool = False,
        author: str | None = None,
        scans: Sequence[Scan | None] | None = None,
        mode: ReadingMode | None = None,
    ) -> None:
        """Open a study: its scans, what the computer found by its settings, and the reader's corrections on it.

        With ``blinded`` the reader's reading becomes a blinded one; a signed one is read once more, from the start.
        Scans are those of the study, where they are loaded already; the mode is that of its plan if not given.
        """
        state = self._state
        self.moved = None
        if state.study is not None and state.study.folder.resolve() == Path(folder).resolve():
            self.close()  # it is open here: its lock is this window's own
        workspace = Workspace(author or state.workspace.author)

        def work(progress: Progress) -> tuple[ReadingMode, list[Scan | None]] | MovedImages:
            study = workspace.open(folder)
            try:
                chosen = mode or state.mode_of(study)
                if blinded:
                    _require_blindable(chosen, study)
                    workspace.read_blinded()
                return chosen, list(scans) if scans is not None else chosen.load_study(study, progress)
            except ImageMoved as gone:
                workspace.close()
                return MovedImages(study, blinded, author, in_words(gone))
            except BaseException:
                workspace.close()
                raise

        def opened(found: tuple[ReadingMode, list[Scan | None]] | MovedImages) -> None:
            if isinstance(found, MovedImages):
                self._ask_place(found)
            else:
                self._opened(workspace, *found)

        state.worker.start("load", work, opened)

    def _ask_place(self, moved: MovedImages) -> None:
        """Wait for the reader to say where the scans lie now."""
        self.moved = moved
        state = self._state
        state.set_step("load", Step("failed", moved.said))
        state.failed.emit(f"{moved.said} “Locate…” under “Save and sign” looks for it.")
        state.changed.emit()

    def locate(self, place: Path | str) -> None:
        """Look for moved scans in a folder or file by their digests, and open their study."""
        moved = self.moved
        if moved is None:
            return

        def work(progress: Progress) -> None:
            with moved.study.writing():
                locate_images(moved.study, place, progress=progress)

        self._state.worker.start(
            "load", work, lambda _: self.open(moved.study.folder, blinded=moved.blinded, author=moved.author)
        )

    def close(self) -> None:
        """Close the study that is open here, and its scans; acts are on the disk already."""
        state = self._state
        self.moved = None
        measured = state.panes.scans.measurements
        said = state.close_reading()
        state.loader.clear()
        state.report_replaced(said, measured)

    def _opened(self, workspace: Workspace, mode: ReadingMode, scans: Sequence[Scan | None]) -> None:
        state = self._state
        assert workspace.study is not None
        said, measured = state.close_reading(), state.panes.scans.measurements
        state.workspace, state.mode = workspace, mode
        state.loader.forget_statements()
        state.loader.scans[:] = scans
        state.images = state.loader.images
        mode.open_study(workspace.study, scans)
        state.report_replaced(said, measured)

    # --- sign

    def sign(self) -> None:
        """Close the reading with its numbers and words under the reader's name; corrections make a new version."""
        state = self._state
        job = state.mode.sign_job()
        if job is None:
            state.failed.emit("There is nothing to be signed yet: run the steps first.")
            return
        state.signing = True  # no act may come between the numbers and the signature
        state.worker.start("sign", job.work, lambda found: self._signed(job.then, found))

    def _signed(self, then: Callable[[Any], object], found: Any) -> None:
        self._state.signing = False
        then(found)
        self._state.set_step("sign", Step("done", SIGNED))

    def correct(self) -> None:
        """Go on from a signed reading in a new version that starts as a copy of it."""
        if self._refused():
            return
        self._state.workspace.next_version()
        self._restart()

    def read_again(self, *, blinded: bool) -> None:
        """Read a signed study once more from the start, as if the first reading were not known."""
        workspace = self._state.workspace
        if self._refused():
            return
        workspace.next_version(empty=True)
        if blinded:
            workspace.blind()
        self._restart()

    def _refused(self) -> bool:
        """Whether what is shown cannot be gone on from; says why."""
        if self._state.mode.read_only:
            self._state.failed.emit(self._state.mode.read_only)
        return bool(self._state.mode.read_only)

    def blind(self) -> None:
        """Hide dates, order, headers and fate, and shuffle both scans, until the reading is signed."""
        self._state.workspace.blind()
        self._restart()

    def _restart(self) -> None:
        self._state.steps["sign"] = Step()
        self._state.mode.restart()


def _require_blindable(mode: ReadingMode, study: Study) -> None:
    """Refuse to hide what is seen anyway.

    Raises
    ------
    WrongUse
        The images show by themselves which scan is which.
    """
    if not mode.can_blind:
        raise WrongUse("a study of MRI is read openly", where=study.folder, remedy="Open it without “Open blinded”.")
