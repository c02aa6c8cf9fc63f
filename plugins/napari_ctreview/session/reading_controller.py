"""What is being read, in one place without a window of its own: scans, results, corrections, study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, QTimer, Signal

from ctreview.errors import CtreviewError, in_words
from ctreview.progress import Progress, part
from ctreview.recipes.chest_ct import ChestCtSettings, Prepared, compare_prepared, prepare
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.review.archive import differ_only_in, plan_of
from ctreview.review.corrections import OpacityReview
from ctreview.review.workspace import Workspace
from ctreview.study import AnalysisPlan
from napari_ctreview.input_output.reader import get_reader
from napari_ctreview.input_output.scans import one_path
from napari_ctreview.session.act_recorder import ActRecorder
from napari_ctreview.session.carried_marks import CarriedMarks, kept_words, removed_words
from napari_ctreview.session.reading_display import ReadingDisplay
from napari_ctreview.session.region_painting import RegionPainting
from napari_ctreview.session.scan_loader import JOB, ScanLoader
from napari_ctreview.session.steps import SIGNED, Step, Steps, checks_of
from napari_ctreview.session.study_archive import StudyArchive
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from ctreview.change import Comparison
    from ctreview.change.tally import Tally
    from ctreview.edits import LabelChange
    from ctreview.recipes.chest_ct.corrections import Edits
    from ctreview.volume.labels import LabelMap
    from napari_ctreview.input_output.scans import Scan

__all__ = ["PAUSE_MS", "ReadingController"]

PAUSE_MS = 1200
"""So long after the last act the comparison is made anew."""

_CONCLUDES = frozenset({"fate", "interval", "verdict", "inspiration"})
"""Settings that change nothing before the comparison."""


class ReadingController(ActRecorder):
    """The state of a reading, and what the reader puts down in it.

    Panes are numbered from the left. In an open reading pane 0 is the baseline and pane 1 the follow-up; a blinded
    reader sees them shuffled, and whatever takes a pane's number follows.

    Attributes
    ----------
    panes : Panes
    settings : ChestCtSettings
    age_years : float or None
        At baseline, instead of the header's.
    loading, filing : Loading, Filing
        Where scans come from, and where the work goes.
    prepared : Prepared or None
    comparison : Comparison or None
        With the corrections up to when it was made.
    steps : Steps
        How far each step is.
    images : tuple of str or None
        Digests of the scans that are read, by timepoint: what is marked is marked on them.
    prepared_changed, edited(int, LabelChange), concluded(Comparison) : Signal
        ``edited`` gives the number of the pane.
    replaced : Signal(str)
        Other scans are shown; what of the reader's work did not go on with them, in words, or an empty text.
    """

    prepared_changed = Signal()
    edited = Signal(int, object)
    compared = Signal(object)
    replaced = Signal(str)
    _arrived = Signal(int, str, object)

    def __init__(self, panes: Panes, parent: QObject | None = None, *, author: str = "reader") -> None:
        super().__init__(parent)
        self.panes = panes
        self.worker = Worker(self)
        self.settings = ChestCtSettings()
        self.age_years: float | None = None
        self.prepared: Prepared | None = None
        self.review: OpacityReview | None = None
        self.comparison: Comparison | None = None
        self._compared: Edits | None = None
        self._read: tuple[Scan | None, ...] | None = None
        self.images: tuple[str | None, ...] = (None, None)
        self.workspace = Workspace(author)
        self.display = ReadingDisplay(panes)
        self.steps = Steps()
        self.loader = ScanLoader(self.worker, self)
        self.archive = StudyArchive(self, self)
        self.painting = RegionPainting(self, self)
        self.signing = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.conclude)
        self.loader.changed.connect(self._loaded)
        self.worker.began.connect(self._began)
        self.worker.progressed.connect(self._progressed)
        self.worker.ended.connect(self._ended)
        self._arrived.connect(self._has_part, Qt.ConnectionType.QueuedConnection)
        panes.opener = self.open_on_pane

    # --- what is there

    @property
    def begun(self) -> bool:
        """Whether there is something to correct, to save and to sign."""
        return self.prepared is not None or self.painting.open

    @property
    def tallies(self) -> tuple[Tally, Tally] | None:
        """Millilitres per region of baseline and follow-up, as they stand."""
        return None if self.review is None else self.review.tallies

    @property
    def up_to_date(self) -> Comparison | None:
        """The comparison, where it holds every correction made so far."""
        if self.review is None or self._compared != self.review.edits:
            return None
        return self.comparison

    # --- load

    def open_dropped(self, pane: int, paths: Sequence[str]) -> None:
        """Load what was dropped on a pane; two things at once become baseline and follow-up, in this order."""
        found = one_path(paths)
        if len(found) == 1 and (found[0] / "study.json").exists():
            self.archive.open(found[0])
            return
        first = min(pane, 1) if len(found) == 1 else 0
        for number, path in enumerate(found[:2], first):
            self.loader.open(number, path)

    def open_on_pane(self, pane: int, paths: Sequence[str]) -> bool:
        """Load what was dropped on a pane; False where ctreview does not read it.

        Beside a scan that is alone, and fills the window, it becomes the other timepoint.

        To take another scan in its place, the reader opens it under “Load”.
        """
        if not all(get_reader(path) for path in paths):
            return False
        free = self._free_timepoints()
        self.open_dropped(free[0] if len(free) == 1 else pane, paths)
        return True

    def open_in_free_timepoint(self, path: Path) -> None:
        """Load a scan that was dropped on no pane: as the first timepoint that is free, else as the follow-up."""
        waiting = 1 if self.worker.running == JOB and self.loader.scans[0] is None else 0
        free = self._free_timepoints()[waiting:]
        self.open_dropped(free[0] if free else 1, [str(path)])

    def _free_timepoints(self) -> list[int]:
        return [number for number, scan in enumerate(self.loader.scans) if scan is None]

    def leave(self, carried_over: CarriedMarks | None = None) -> str:
        """Close what is read; its acts are on the disk already. What is being loaded goes on: it comes next.

        Parameters
        ----------
        carried_over : Marks, optional
            What applies to the scans that come next; none if not given.

        Returns
        -------
        str
            What of the reader's work does not go on, in words.
        """
        marks, old = carried_over or CarriedMarks(), self.workspace
        kept = kept_words(old)
        removed = (
            ""
            if old.study is not None
            else removed_words(
                findings=len(old.findings) - len(marks.findings), key_images=len(old.key_images) - len(marks.key_images)
            )
        )
        self._pause.stop()
        for job in ("prepare", "conclude", "save", "sign"):
            self.worker.cancel(job)
        self.prepared = self.review = self.painting.review = self.comparison = self._read = None
        self.images = (None, None)
        old.close()
        self.workspace = Workspace(old.author)
        marks.store_in(self.workspace)
        self.steps.clear()
        self.prepared_changed.emit()
        return f"{removed} {kept}".strip()

    def _loaded(self) -> None:
        """Show what was loaded; what was read before is closed."""
        scans = self.loader.scans
        # also where a run is under way: what it finds is of the scans before, and must not be filed with these
        another = (self._read is not None and self._read != tuple(scans)) or not self.painting.continues_with(scans)
        now, said = self.loader.images, ""
        gone = any(was not in (None, is_now) for was, is_now in zip(self.images, now, strict=True))
        # what is marked before the steps are run belongs to the scans it was marked on; a second one may join them
        if another or (gone and (self.workspace.findings or self.workspace.key_images)):
            said = self.leave(CarriedMarks.carried_over(self.workspace, self.images, now))
        self.images = now
        measured = self.display.measurements
        there = sum(scan is not None for scan in scans)
        self.tell("load", Step("done" if there == 2 else "to do", self.loader.warning))
        self.display.show_scans(scans)
        removed = removed_words(measurements=measured - self.display.measurements)
        self.replaced.emit(f"{removed} {said}".strip())
        images = [scan for scan in scans if scan is not None]
        if images and all(scan.contrasts is not None for scan in images):
            self.painting.begin(scans)

    # --- lungs, opacity, register

    def run(self) -> None:
        """Find lungs and opacity in both scans, register them and compare; only what other settings change."""
        if not self.loader.ready:
            self.failed.emit("Two CTs are needed: drop one on each pane, or open them under “Load”.")
            return
        if self.prepared is not None and self._only_concludes(self.prepared):
            self._conclude_by(replace(self.prepared, settings=self.settings))
            return
        first, second = self._read = tuple(self.loader.scans)
        assert first is not None
        assert second is not None
        settings, age, allowed = self.settings, self.age_years, self.loader.allow_different_patients
        workspace = self.workspace

        def work(progress: Progress) -> tuple[Prepared, OpacityReview]:
            prepared = prepare(
                first.volume,
                second.volume,
                settings=settings,
                age_years=age,
                allow_different_patients=allowed,
                progress=part(progress, 0.0, 0.95),
                on_labels=self._arrived.emit,
            )
            try:
                plan = plan_of(prepared, age, allow_different_patients=allowed)
                workspace.store_pair(prepared, (first.place, second.place), plan)
            except OSError as error:
                self.failed.emit(f"Corrections are not kept until the study is saved: {in_words(error)}")
            return prepared, _review(prepared, workspace)

        self.steps.prepare()
        self.worker.cancel("conclude")
        self.worker.start("prepare", work, lambda found: self.show_prepared(*found))

    def _only_concludes(self, prepared: Prepared) -> bool:
        """Whether what is asked differs from what was found in nothing that comes before the comparison."""
        kept = None if self.study is None else self.study.plan
        return kept is not None and differ_only_in(self._plan(prepared).differences(kept), _CONCLUDES)

    def _plan(self, prepared: Prepared) -> AnalysisPlan:
        """What is asked now, of the scans that were prepared."""
        asked = replace(prepared, settings=self.settings)
        return plan_of(asked, self.age_years, allow_different_patients=self.loader.allow_different_patients)

    def _conclude_by(self, prepared: Prepared) -> None:
        """Go on with other settings of the comparison alone."""
        try:
            self.workspace.change_plan(self._plan(prepared))
        except (OSError, CtreviewError) as error:
            self.failed.emit(in_words(error))
            return
        self.show_prepared(prepared, None)

    def _has_part(self, number: int, what: str, labels: LabelMap) -> None:
        """Show lungs or opacity before the rest is there."""
        if self.worker.running == "prepare" and self.review is None:
            self.display.show_part(self.order.index(number), what, labels)
        self.steps.arrived(number, what)
        self.state_changed.emit()

    def show_prepared(self, prepared: Prepared, review: OpacityReview | None) -> None:
        """Work on with what the computer found; the reader's corrections stand replayed on it."""
        if review is None or not review.follows(self.workspace.journal):  # acts that were made meanwhile
            review = _review(prepared, self.workspace)
        review.listener = self._changed
        self.prepared, self.review, self.comparison = prepared, review, None
        self.steps.prepared(checks_of(prepared), registered=prepared.registration is not None)
        lost = "; ".join(f"{edit.kind}: {why}" for edit, why in review.refused)
        says = f"{len(review.refused)} earlier corrections no longer apply ({lost})." if lost else ""
        self.steps["correct"] = Step("done" if self.workspace.journal else "to do", says)
        if self.signed:
            self.steps["sign"] = Step("done", SIGNED)
        self.display.show_review(review, self.loader.scans, self.order, blinded=self.blinded)
        self.prepared_changed.emit()
        self.state_changed.emit()
        self.conclude()

    def restart_reading(self) -> None:
        """Go on with another reading of the same scans."""
        self.steps["sign"] = Step()
        if self.prepared is not None:
            self.show_prepared(self.prepared, None)
        elif self.painting.open:
            self.painting.begin(self.loader.scans)

    # --- change

    def conclude(self) -> None:
        """Compare both scans as they stand, in the background."""
        if self.prepared is None or self.review is None or self.signing:
            return
        prepared, edits = self.prepared, self.review.edits
        self.worker.cancel("conclude")
        self.worker.start(
            "conclude",
            lambda progress: compare_prepared(prepared, edits=edits, progress=progress),
            lambda found: self.has(found, edits),
        )

    def has(self, comparison: Comparison, edits: Edits) -> None:
        """Show what changed between the scans with these edits."""
        self.comparison, self._compared = comparison, edits
        assert self.review is not None
        self.steps.compared(comparison.checks)
        self.display.show_fate(self.review, comparison, self.order, blinded=self.blinded)
        self.compared.emit(comparison)
        self.state_changed.emit()

    def _changed(self, timepoint: int, change: LabelChange) -> None:
        """Follow an act: draw it, and compare anew once the reader pauses."""
        self.worker.cancel("conclude")
        pane = self.order.index(timepoint)
        self.display.refresh(pane, OPACITY, change.before.box)
        self._pause.start()
        self.report_act(pane, change)

    def report_act(self, pane: int, change: LabelChange) -> None:
        """Say that an act was kept."""
        acts = len(self.workspace.journal)
        self.steps["correct"] = Step("done", f"{acts} act{'' if acts == 1 else 's'} kept")
        self.edited.emit(pane, change)
        self.state_changed.emit()

    # --- what runs

    def cancel(self) -> None:
        """Stop what runs and what waits."""
        self.worker.cancel()

    def tell(self, name: str, step: Step) -> None:
        """Let a step stand otherwise."""
        self.steps[name] = step
        self.state_changed.emit()

    def _began(self, job: str) -> None:
        self.steps.run(job)
        self.state_changed.emit()

    def _progressed(self, job: str, share: float, what: str) -> None:
        self.steps.run(job, share, what)
        self.state_changed.emit()

    def _ended(self, job: str, how: str, said: str) -> None:
        if job == "sign":
            self.signing = False
        if how != "done":
            self.steps.stop(job, failed=how == "failed", says=said)
            if job == JOB and self.loader.ready and how == "cancelled":
                self.steps["load"] = Step("done", self.loader.warning)
        if how == "failed":
            self.failed.emit(said)
        self.state_changed.emit()

    @property
    def open(self) -> bool:
        """Whether it has not been closed."""
        return hasattr(self, "panes")

    def close(self) -> None:
        """Stop what runs and let go of the panes, which end with napari's window. Acts are on the disk already."""
        if not self.open:
            return
        self._pause.stop()
        self.worker.cancel()
        self.workspace.close()
        self.panes.opener = None
        self.display.close()
        del self.panes


def _review(prepared: Prepared, workspace: Workspace) -> OpacityReview:
    return OpacityReview(prepared, author=workspace.author, journal=workspace.journal)
