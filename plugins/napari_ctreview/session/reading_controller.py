"""The controller of a reading: it owns the state, hands scans to the mode that reads them, and acts to its review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from ctreview.errors import EditDoesNotApply
from napari_ctreview.input_output.reader import get_reader
from napari_ctreview.input_output.scans import one_path
from napari_ctreview.session.act_history import Act, acts_of
from napari_ctreview.session.carried_marks import CarriedMarks
from napari_ctreview.session.case_loader import CaseLoader
from napari_ctreview.session.chest_ct_mode import ChestCtMode
from napari_ctreview.session.consensus_mode import ConsensusMode
from napari_ctreview.session.muscle_mr_mode import MuscleMrMode
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.scan_course import ScanCourse
from napari_ctreview.session.scan_loader import JOB
from napari_ctreview.session.steps import Step
from napari_ctreview.session.study_archive import StudyArchive

if TYPE_CHECKING:
    from ctreview.anatomy.candidates import Side
    from ctreview.anatomy.lobes import LobeBorders
    from ctreview.edits import LabelChange, Session
    from ctreview.tools import Canvas
    from ctreview.tools.candidate import OfferedPiece
    from napari_ctreview.viewer.panes import Panes

__all__ = ["ReadingController"]


class ReadingController(QObject):
    """Opens scans, runs steps, and lets tools correct what is read; a `LabelEditor`.

    Parameters
    ----------
    panes : Panes
    author : str
        The reader.

    Attributes
    ----------
    state : ReadingState
        What is read and how far it is; the one that widgets show.
    chest_ct, muscle_mr, consensus : ReadingMode
        The modes; `ReadingState.mode` is the one that is open. A new one is made here.
    archive : StudyArchive
        Saves, opens and signs.
    cases : CaseLoader
        Opens the cases of a worklist.
    course : ScanCourse
        All scans of the patient, where there are more than two.
    """

    def __init__(self, panes: Panes, parent: QObject | None = None, *, author: str = "reader") -> None:
        super().__init__(parent)
        self.state = ReadingState(panes, self, author=author)
        self.chest_ct, self.muscle_mr = ChestCtMode(self.state), MuscleMrMode(self.state)
        self.consensus = ConsensusMode(self.state)
        self.state.use_modes(self.chest_ct, self.muscle_mr, self.consensus)
        self.archive = StudyArchive(self.state)
        self.cases = CaseLoader(self.state, self.archive)
        self.course = ScanCourse(self.state)
        self.state.loader.changed.connect(self._loaded)
        self.state.worker.began.connect(self._began)
        self.state.worker.progressed.connect(self._progressed)
        self.state.worker.ended.connect(self._ended)
        panes.opener = self.open_on_pane

    # --- scans

    def open_dropped(self, pane: int, paths: Sequence[str]) -> None:
        """Load what was dropped on a pane; two things at once become baseline and follow-up, in this order."""
        found = one_path(paths)
        if len(found) == 1 and (found[0] / "study.json").exists():
            self.archive.open(found[0])
            return
        first = min(pane, 1) if len(found) == 1 else 0
        for number, path in enumerate(found[:2], first):
            self.state.loader.open(number, path)

    def open_on_pane(self, pane: int, paths: Sequence[str]) -> bool:
        """Load what was dropped on a pane; False where ctreview does not read it.

        Beside a scan that is alone, and fills the window, it becomes the other timepoint. To take another scan in its
        place, the reader opens it under “Load”.
        """
        if not all(get_reader(path) for path in paths):
            return False
        free = self._free_timepoints()
        self.open_dropped(free[0] if len(free) == 1 else pane, paths)
        return True

    def open_at(self, pane: int | None, paths: Sequence[str]) -> None:
        """Load what was dropped on a pane, or elsewhere in the window: as the first timepoint that is free then."""
        if not paths:
            self.state.failed.emit("What was dropped lies on no disk of this computer: save it first, then drop that.")
            return
        taken = pane is not None and self.open_on_pane(pane, paths)
        if taken:
            return
        unread = [Path(path).name for path in paths if not get_reader(path)]
        if unread:
            self.state.failed.emit(
                f"“{unread[0]}” is no scan that can be read here. Drop a folder of DICOM files, a ZIP, or a NIfTI, "
                "NRRD or MetaImage file."
            )
        else:
            self._open_free(paths)

    def open_in_free_timepoint(self, path: Path) -> None:
        """Load a scan that was dropped on no pane: as the first timepoint that is free, else as the follow-up."""
        self._open_free([str(path)])

    def _open_free(self, paths: Sequence[str]) -> None:
        loader = self.state.loader
        waiting = 1 if self.state.worker.running == JOB and loader.scans[0] is None else 0
        free = self._free_timepoints()[waiting:]
        self.open_dropped(free[0] if free else 1, paths)

    def _free_timepoints(self) -> list[int]:
        return [number for number, scan in enumerate(self.state.loader.scans) if scan is None]

    def _loaded(self) -> None:
        """Show what was loaded; what was read before is closed, unless its mode goes on with it."""
        state, scans = self.state, self.state.loader.scans
        now, said = state.loader.images, ""
        gone = any(was not in (None, is_now) for was, is_now in zip(state.images, now, strict=True))
        # what is marked before the steps are run belongs to the scans it was marked on; a second one may join them
        marked = state.workspace.findings or state.workspace.key_images
        left = any(image is not None and image not in now for image in state.images)
        if left or not state.mode.continues_with(scans) or (gone and marked):
            said = state.close_reading(CarriedMarks.carried_over(state.workspace, state.images, now))
        state.images = now
        there = [scan for scan in scans if scan is not None]
        state.mode = state.mode_for(there)
        measured = state.panes.scans.measurements
        state.set_step("load", Step("done" if len(there) == 2 else "to do", state.loader.warning))
        state.mode.show(scans)
        state.report_replaced(said, measured)
        state.mode.start(scans)

    # --- steps

    def run(self) -> None:
        """Run the steps of the computer."""
        self.state.mode.run()

    def cancel(self) -> None:
        """Stop what runs and what waits."""
        self.state.worker.cancel()

    def _began(self, job: str) -> None:
        self.state.steps.run(job)
        self.state.changed.emit()

    def _progressed(self, job: str, share: float, what: str) -> None:
        self.state.steps.run(job, share, what)
        self.state.changed.emit()

    def _ended(self, job: str, how: str, said: str) -> None:
        state = self.state
        if job == "sign":
            state.signing = False
        if how != "done":
            state.steps.stop(job, failed=how == "failed", message=said)
            if job == JOB and state.loader.ready and how == "cancelled":
                state.steps["load"] = Step("done", state.loader.warning)
        if how == "failed":
            state.failed.emit(said)
        state.changed.emit()

    # --- acts: what the tools work with

    def session(self, number: int) -> Session | None:
        """What is corrected or painted in a pane."""
        mode = self.state.mode
        index = mode.session_of(number)
        return None if mode.review is None or index is None else mode.review.sessions[index]

    def canvas(self, number: int) -> Canvas | None:
        """What tools work on in a pane, with the labels as they stand."""
        mode = self.state.mode
        index = mode.session_of(number)
        return None if mode.review is None or index is None else mode.review.canvas(index)

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        """Use a tool in a pane; None, and `ReadingState.failed` says why, where the act could not be kept.

        Raises
        ------
        EditDoesNotApply
            The tool has nothing to do there.
        """
        review, index = self.state.mode.review, self.state.mode.session_of(number)
        if review is None or index is None:
            return None
        change: LabelChange | None = self.state.record("The act was not kept", lambda: review.act(index, kind, payload))
        return change

    def piece_beside(self, number: int, place: Sequence[float], *, size_mm: float, side: Side | None) -> OfferedPiece:
        """What may be taken for lung around a place outside the lungs in a pane.

        Raises
        ------
        EditDoesNotApply
            There is none, and why.
        """
        review, index = self.chest_ct.review, self.chest_ct.session_of(number)
        if self.state.mode is not self.chest_ct or review is None or index is None:
            raise EditDoesNotApply("there are no lungs here")
        return review.piece_beside(index, place, size_mm=size_mm, side=side)

    def lobe_borders(self, number: int) -> LobeBorders | None:
        """Where the lobes in a pane border on each other by now; None where there are none."""
        review, index = self.chest_ct.review, self.chest_ct.session_of(number)
        return (
            None
            if self.state.mode is not self.chest_ct or review is None or index is None
            else review.lobe_borders(index)
        )

    def stay_in_lobe(self, stays: bool) -> None:
        """Let tools stay in the lobe that a gesture began in, or in the lung; see `ChestCtMode.stay_in_lobe`."""
        if self.state.mode is not self.chest_ct:
            raise EditDoesNotApply("there are no lobes here")
        self.chest_ct.stay_in_lobe(stays)

    def undo(self) -> None:
        """Take back the last act, in whichever pane it was."""
        review = self.state.mode.review
        if review is not None:
            self.state.record("Nothing was undone", review.undo)

    def redo(self) -> None:
        """Bring back what was taken back last."""
        review = self.state.mode.review
        if review is not None:
            self.state.record("Nothing was redone", review.redo)

    def acts(self) -> tuple[Act, ...]:
        """The acts that stand, then those that can be brought back; the oldest first."""
        review = self.state.mode.review
        return () if review is None else acts_of(review, self.state.workspace.journal)

    def go_to_act(self, count: int) -> None:
        """Take acts back, or bring them again, until so many stand; acts of one decision go together."""
        back = self._standing() > count
        while self._standing() != count and (self._standing() > count) is back:
            before = len(self.state.workspace.journal)
            (self.undo if back else self.redo)()
            if len(self.state.workspace.journal) == before:
                return  # it could not be recorded, which has been said

    def _standing(self) -> int:
        return sum(act.stands for act in self.acts())

    # --- the end

    def close(self) -> None:
        """Stop what runs and let go of the panes, which end with napari's window. Acts are on the disk already."""
        if self.state.open:
            self.state.panes.opener = None
            self.cases.close()
            self.course.clear()
            self.state.close()
