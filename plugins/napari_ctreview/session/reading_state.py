"""The state of an open reading, which the controller owns, modes and archive change, and widgets show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from ctreview.edits import LabelChange
from ctreview.errors import CtreviewError, EditDoesNotApply, in_words
from ctreview.review.workspace import Workspace, reading_order
from ctreview.study import Finding, KeyImage, Reading, Study
from napari_ctreview.session.carried_marks import CarriedMarks, kept_words, removed_words
from napari_ctreview.session.save_state import WrittenWork
from napari_ctreview.session.scan_loader import ScanLoader
from napari_ctreview.session.steps import SIGNED, Step, Steps
from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from napari_ctreview.input_output.scans import Scan
    from napari_ctreview.session.reading_mode import ReadingMode
    from napari_ctreview.viewer.panes import Panes

__all__ = ["ReadingState"]


class ReadingState(QObject):
    """Which scans are read, by whom and in which mode, how far each step is, and where acts and marks are kept.

    Panes are numbered from the left. In an open reading pane 0 is the baseline and pane 1 the follow-up; a blinded
    reader sees them shuffled, and whatever takes a pane's number follows `order`.

    Parameters
    ----------
    panes : Panes
    author : str
        The reader.

    Attributes
    ----------
    workspace : Workspace
        Where acts are recorded.
    worker : Worker
        What runs.
    loader : ScanLoader
        Where scans come from.
    steps : Steps
        How far each step is.
    modes : tuple of ReadingMode
        All there are; the first is that of an empty window.
    mode : ReadingMode
        That of the scans that are loaded.
    images : tuple of str or None
        Digests of the scans that are read, by timepoint: what is marked is marked on them.
    signing : bool
        While it is set no act is taken.
    written : WrittenWork or None
        What masks, numbers and report on the disk rest on, as far as this window knows.
    changed : Signal()
        Anything of this is otherwise now.
    reading_changed : Signal()
        Another reading is open, or none.
    edited : Signal(int, LabelChange)
        An act was done in a pane.
    replaced : Signal(str)
        Other scans are shown; what of the reader's work did not go on with them, in words, or an empty text.
    failed : Signal(str)
        What went wrong and what to do.
    """

    changed = Signal()
    reading_changed = Signal()
    edited = Signal(int, object)
    replaced = Signal(str)
    failed = Signal(str)

    mode: ReadingMode
    modes: tuple[ReadingMode, ...]

    def __init__(self, panes: Panes, parent: QObject | None = None, *, author: str) -> None:
        super().__init__(parent)
        self._panes: Panes | None = panes
        self.workspace = Workspace(author)
        self.worker = Worker(self)
        self.loader = ScanLoader(self.worker, self)
        self.steps = Steps()
        self.images: tuple[str | None, ...] = (None, None)
        self.signing = False
        self.written: WrittenWork | None = None

    def use_modes(self, *modes: ReadingMode) -> None:
        """Say which modes there are, once, before anything is loaded."""
        self.modes, self.mode = modes, modes[0]

    @property
    def panes(self) -> Panes:
        """What the scans are shown on, until the window closes."""
        assert self._panes is not None
        return self._panes

    @property
    def open(self) -> bool:
        """Whether the window is open."""
        return self._panes is not None

    @property
    def reads(self) -> bool:
        """Whether a reading is open: a scan is shown."""
        return any(scan is not None for scan in self.loader.scans)

    # --- who reads what

    @property
    def study(self) -> Study | None:
        """The study that acts are recorded in; an unsaved one until the reader chose a folder."""
        return self.workspace.study

    @property
    def reading(self) -> Reading | None:
        """The reader's own part of it."""
        return self.workspace.reading

    @property
    def order(self) -> tuple[int, int]:
        """Which timepoint each pane shows."""
        return reading_order(self.workspace.seed)

    @property
    def blinded(self) -> bool:
        """Whether dates, order and fate are hidden from the reader."""
        return self.workspace.seed is not None

    @property
    def signed(self) -> bool:
        """Whether the reading is closed."""
        return self.reading is not None and self.reading.state == "signed"

    def mode_for(self, scans: Sequence[Scan]) -> ReadingMode:
        """The mode that reads these scans."""
        return next((mode for mode in self.modes if mode.reads(scans)), self.modes[0])

    def mode_of(self, study: Study) -> ReadingMode:
        """The mode that a study was made in."""
        recipe = None if study.plan is None else study.plan.recipe
        return next((mode for mode in self.modes if mode.recipe == recipe), self.modes[0])

    # --- steps

    def set_step(self, name: str, step: Step) -> None:
        """Let a step stand otherwise."""
        self.steps[name] = step
        self.changed.emit()

    def show_journal(self, refused: Sequence[tuple[Any, str]], *, called: str = "acts") -> None:
        """Let the steps say what became of the acts of the journal; refused are those that no longer apply, and why."""
        lost = "; ".join(f"{edit.kind}: {why}" for edit, why in refused)
        message = f"{len(refused)} earlier {called} no longer apply ({lost})." if lost else ""
        self.steps["correct"] = Step("done" if self.workspace.journal else "to do", message)
        if self.signed:
            self.steps["sign"] = Step("done", SIGNED)

    # --- what the reader records

    def record(self, what: str, act: Callable[[], Any]) -> Any:
        """Do what is recorded; None, and `failed` says why, where it could not be."""
        if self.signing:
            self.failed.emit(f"{what}: the reading is being signed.")
            return None
        try:
            return act()
        except EditDoesNotApply:
            raise
        except (OSError, CtreviewError) as error:
            self.failed.emit(f"{what}: {in_words(error)}")
            return None

    def report_act(self, pane: int, change: LabelChange) -> None:
        """Say that an act was kept."""
        acts = len(self.workspace.journal)
        self.steps["correct"] = Step("done", f"{acts} act{'' if acts == 1 else 's'} kept")
        self.edited.emit(pane, change)
        self.changed.emit()

    def findings(self) -> tuple[Finding, ...]:
        """What the reader marked."""
        return self.workspace.findings

    def keep_findings(self, findings: Sequence[Finding]) -> None:
        """Replace what the reader marked; it is on the disk when this returns.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        OSError
            It could not be written.
        """
        self.workspace.keep_findings(findings)
        self.changed.emit()

    def key_images(self) -> tuple[KeyImage, ...]:
        """What the reader wants to be found again."""
        return self.workspace.key_images

    def keep_key_images(self, images: Sequence[KeyImage], pictures: Mapping[str, bytes]) -> None:
        """Replace the key images, as `keep_findings` does findings; pictures are of those that are new."""
        self.workspace.keep_key_images(images, pictures)
        self.changed.emit()

    # --- the end of a reading

    def close_reading(self, carried: CarriedMarks | None = None) -> str:
        """Close what is read; its acts are on the disk already. What is being loaded goes on: it comes next.

        Parameters
        ----------
        carried : CarriedMarks, optional
            What applies to the scans that come next; none if not given.

        Returns
        -------
        str
            What of the reader's work does not go on, in words.
        """
        marks, old = carried or CarriedMarks(), self.workspace
        kept = kept_words(old)
        removed = (
            ""
            if old.study is not None
            else removed_words(
                findings=len(old.findings) - len(marks.findings), key_images=len(old.key_images) - len(marks.key_images)
            )
        )
        for mode in self.modes:
            mode.close()
        for job in ("save", "sign"):
            self.worker.cancel(job)
        self.mode, self.images = self.modes[0], (None, None)
        old.close()
        self.workspace = Workspace(old.author)
        marks.store_in(self.workspace)
        self.steps.clear()
        self.reading_changed.emit()
        return f"{removed} {kept}".strip()

    def report_replaced(self, said: str, measured: int) -> None:
        """Say what did not go on with other scans; of measurements, by how many there were before."""
        removed = removed_words(measurements=measured - self.panes.scans.measurements)
        self.replaced.emit(f"{removed} {said}".strip())

    def close(self) -> None:
        """Stop what runs and let go of the panes, which end with napari's window. Acts are on the disk already."""
        self.worker.cancel()
        self.workspace.close()
        self._panes = None
