"""Reading two chest CTs: lungs and opacity are found, registered, corrected and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, QTimer, Signal

from ctreview.errors import CtreviewError, EditDoesNotApply, in_words
from ctreview.progress import Progress
from ctreview.recipes.chest_ct import ChestCtSettings, Prepared, compare_prepared
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.review.archive import settings_of
from ctreview.review.corrections import OpacityReview
from ctreview.review.stored_reading import (
    StoredReading,
    made_by_another_version,
    signed_by_another_version,
    stored_reading,
)
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.chest_ct_display import ChestCtDisplay
from napari_ctreview.session.chest_ct_pair import PairRequest, find_in_pair
from napari_ctreview.session.chest_ct_study import (
    KeptReading,
    kept_reading,
    load_scans,
    review_of,
    sign_summary,
    writing_job,
)
from napari_ctreview.session.reading_mode import SigningJob
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.region_counter import RegionCounter
from napari_ctreview.session.save_state import WrittenWork
from napari_ctreview.session.single_scan import run_single_scan
from napari_ctreview.session.steps import Step, checks_of
from napari_ctreview.viewer.correspondence import TITLES

if TYPE_CHECKING:
    from ctreview.change import Candidate, Comparison
    from ctreview.change.tally import Tally
    from ctreview.edits import LabelChange
    from ctreview.recipes.chest_ct.corrections import Edits
    from ctreview.study import Study
    from ctreview.volume.labels import LabelMap

__all__ = ["PAUSE_MS", "ChestCtMode"]

PAUSE_MS = 1200
"""So long after the last act the comparison is made anew."""


class ChestCtMode(QObject):
    """A `ReadingMode` on the chest CT pipeline.

    Parameters
    ----------
    state : ReadingState

    Attributes
    ----------
    display : ChestCtDisplay
        What shows scans and results.
    settings : ChestCtSettings
    age_years : float or None
        At baseline, instead of the header's.
    stays_in_lobe : bool
        Whether tools stay in the lobe that a gesture began in, instead of in the lung.
    prepared : Prepared or None
        What the computer found in both scans.
    review : OpacityReview or None
        What is corrected of it.
    comparison : Comparison or None
        With the corrections up to when it was made.
    stored : StoredReading or None
        A signed reading of another version of ctreview, which is shown as it was stored.
    compared : Signal(Comparison)
        Both scans were compared anew.
    recounted : Signal()
        After the lungs were changed, `tallies` are at hand again.
    """

    recipe: str | None = None
    steps = frozenset({"lungs", "opacity", "register", "change"})
    can_blind = True

    compared = Signal(object)
    recounted = Signal()
    _labels_found = Signal(object, int, str, object)

    def __init__(self, state: ReadingState) -> None:
        super().__init__(state)
        self._state = state
        self.display = ChestCtDisplay(state)
        self.settings = ChestCtSettings()
        self.age_years: float | None = None
        self.stays_in_lobe = False
        self.prepared: Prepared | None = None
        self.review: OpacityReview | None = None
        self.comparison: Comparison | None = None
        self._compared_with: Edits | None = None
        self._judged: tuple[tuple[str, ...], ...] = ()
        self._read: tuple[Scan | None, ...] | None = None
        self.stored: StoredReading | None = None
        self._counter = RegionCounter(self)
        self._counter.counted.connect(self._show_counted)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.compare)
        state.panes.outline_toggled.connect(self._outline)
        # emitted in the worker's thread, shown in that of the window
        self._labels_found.connect(self._show_labels, Qt.ConnectionType.QueuedConnection)

    @property
    def begun(self) -> bool:
        """Whether there is something to correct, to save and to sign."""
        return self.review is not None

    @property
    def read_only(self) -> str:
        """Why what is shown cannot be corrected here; empty where it can."""
        if self.stored is None:
            return ""
        by = f"ctreview {self.stored.made_by}" if self.stored.made_by else "an earlier version of ctreview"
        return (
            f"This reading was made by {by}, and is read-only here: correct it with that version, or start a study of"
            " its own from the two scans."
        )

    @property
    def run_words(self) -> str:
        """Of one CT alone only lungs and opacity are found."""
        return "Run all" if self._state.loader.alone is None else "Run this scan alone"

    @property
    def can_run(self) -> bool:
        """Whether there is a CT, or two that go together."""
        return self._state.loader.ready or self._state.loader.alone is not None

    @property
    def tallies(self) -> tuple[Tally, Tally] | None:
        """Millilitres per region of baseline and follow-up, as they stand; None while they are counted."""
        return None if self.review is None or not self.review.counted else self.review.tallies

    @property
    def candidates(self) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
        """The dense areas of baseline and follow-up that are offered, as the reader has judged them so far."""
        review = self.review
        return ((), ()) if review is None else (review.candidates(0), review.candidates(1))

    @property
    def up_to_date(self) -> Comparison | None:
        """The comparison, where it holds every correction made so far."""
        if self.review is None or self._compared_with != self.review.edits:
            return None
        return self.comparison

    def session_of(self, pane: int) -> int | None:
        """Which timepoint a pane shows; the map of fate has no session."""
        return self._state.order[pane] if pane in (0, 1) else None

    def title_of(self, session: int) -> str:
        """The timepoint; for a blinded reader the pane."""
        state = self._state
        return "AB"[state.order.index(session)] if state.blinded else TITLES[session]

    # --- scans

    def reads(self, scans: Sequence[Scan]) -> bool:
        """Whether these are CTs."""
        return all(scan.contrasts is None for scan in scans)

    def continues_with(self, scans: Sequence[Scan | None]) -> bool:
        """Whether no other scans are read; also not by a run under way: what it finds must not be filed with others."""
        return self._read is None or self._read == tuple(scans)

    def show(self, scans: Sequence[Scan | None]) -> None:
        """Show one CT or two."""
        self.display.show_cts(scans)

    def start(self, scans: Sequence[Scan | None]) -> None:
        """Wait for the reader to run the steps."""

    def close(self) -> None:
        """Forget what was found."""
        self._pause.stop()
        self._counter.stop()
        for job in ("prepare", "compare"):
            self._state.worker.cancel(job)
        self.prepared = self.review = self.comparison = self._read = self.stored = None
        self.age_years = None
        self.display.forget()

    # --- lungs, opacity, register

    def run(self) -> None:
        """Find lungs and opacity in both scans, register them and compare; only what other settings change.

        Of one CT alone lungs and opacity are found.
        """
        state = self._state
        alone = state.loader.alone
        if alone is not None:
            self._read = tuple(state.loader.scans)
            run_single_scan(alone, state, self.display, settings=self.settings, age_years=self.age_years)
            return
        if not state.loader.ready:
            state.failed.emit("Two CTs are needed: drop one on each pane, or open them under “Load”.")
            return
        kept = None if state.study is None else state.study.plan
        if self.prepared is not None and self._request.only_compares(self.prepared, kept):
            self._compare_by(replace(self.prepared, settings=self.settings))
            return
        first, second = scans = self._read = tuple(state.loader.scans)
        assert first is not None
        assert second is not None
        request, workspace = self._request, state.workspace

        def work(progress: Progress) -> tuple[Prepared, OpacityReview] | StoredReading:
            return find_in_pair(
                first,
                second,
                request,
                workspace,
                on_labels=partial(self._labels_found.emit, scans),
                on_not_kept=state.failed.emit,
                progress=progress,
            )

        state.steps.prepare()
        state.worker.cancel("compare")
        state.worker.start("prepare", work, self._show_found)

    def _show_found(self, found: tuple[Prepared, OpacityReview] | StoredReading) -> None:
        if isinstance(found, StoredReading):
            self._show_stored(found)
        else:
            self.show_prepared(*found)

    @property
    def _request(self) -> PairRequest:
        """What is asked now."""
        loader = self._state.loader
        return PairRequest(
            self.settings,
            self.age_years,
            same_patient=loader.same_patient,
            allow_different_patients=loader.allow_different_patients,
        )

    def _compare_by(self, prepared: Prepared) -> None:
        """Go on with other settings of the comparison alone."""
        try:
            self._state.workspace.change_plan(self._request.plan(prepared))
        except (OSError, CtreviewError) as error:
            self._state.failed.emit(in_words(error))
            return
        self.show_prepared(prepared, None)

    def _show_labels(self, scans: tuple[Scan | None, ...], number: int, what: str, labels: LabelMap) -> None:
        """Show lungs or opacity of a scan before the rest is there; nothing of scans that are gone."""
        state = self._state
        if scans is not self._read:
            return
        if state.worker.running == "prepare" and self.review is None:
            self.display.show_part(state.order.index(number), what, labels)
        state.steps.labels_found(number, what)
        state.changed.emit()

    def show_prepared(self, prepared: Prepared, review: OpacityReview | None) -> None:
        """Work on with what the computer found; the reader's corrections stand replayed on it."""
        state = self._state
        if review is None or not review.follows(state.workspace.journal):  # acts that were made meanwhile
            review = review_of(prepared, state.workspace)
        self.prepared = prepared
        state.steps.prepared(checks_of(prepared), registered=prepared.transform is not None)
        self._show_review(review)
        self.compare()

    def _show_review(self, review: OpacityReview) -> None:
        """Let the reader correct two scans."""
        state = self._state
        review.listener = self._edited
        review.stay_in_lobe(self.stays_in_lobe)
        self._judged = review.lung_changes
        self.review, self.comparison = review, None
        self._counter.follow(review)
        state.show_journal(review.refused, called="corrections")
        self.display.show_review(review, state.loader.scans, state.order, blinded=state.blinded)
        state.reading_changed.emit()
        state.changed.emit()

    # --- change

    def compare(self) -> None:
        """Compare both scans as they stand, in the background."""
        state = self._state
        if self.review is None or state.signing or not state.open:
            return
        if self.prepared is None:  # what was stored is shown; the comparison needs all that it rests on
            if state.worker.running != "prepare":
                self.run()
            return
        prepared, edits = self.prepared, self.review.edits
        state.worker.cancel("compare")
        state.worker.start(
            "compare",
            lambda progress: compare_prepared(prepared, edits=edits, progress=progress),
            lambda found: self._show_comparison(found, edits),
        )

    def _show_comparison(self, comparison: Comparison, edits: Edits) -> None:
        """Show what changed between the scans with these edits."""
        state = self._state
        self.comparison, self._compared_with = comparison, edits
        assert self.review is not None
        state.steps.compared(comparison.checks)
        self.display.show_fate(self.review, comparison, state.order, blinded=state.blinded)
        self.compared.emit(comparison)
        state.changed.emit()

    def _outline(self) -> None:
        """Show or hide the outline of the lungs."""
        if self.review is not None:
            self.display.show_outlines(self.review, self._state.order)

    def _edited(self, timepoint: int, change: LabelChange) -> None:
        """Follow an act: draw it, and compare anew once the reader pauses."""
        state = self._state
        state.worker.cancel("compare")
        pane = state.order.index(timepoint)
        self.display.refresh(pane, OPACITY, change.before.box)
        if self.review is not None and self.review.lung_changes != self._judged:
            self._judged = self.review.lung_changes
            self.display.show_candidates(self.review, state.order)
            self.display.show_outlines(self.review, state.order)
        if self.review is not None:
            self.display.show_lobe_borders(self.review)
        self._pause.start()
        self._counter.count_soon()
        state.report_act(pane, change)

    def stay_in_lobe(self, stays: bool) -> None:
        """Let tools stay in the lobe that a gesture began in, or in the lung.

        Raises
        ------
        EditDoesNotApply
            The lobes were not looked for.
        """
        if stays and self.review is not None and self.review.lobe_borders(0) is None:
            raise EditDoesNotApply("the lobes were not looked for; tick “Lobes” in the settings under “Lungs”")
        self.stays_in_lobe = stays
        if self.review is not None:
            self.review.stay_in_lobe(stays)

    def _show_counted(self, review: OpacityReview) -> None:
        """Read out the parts of lungs that were changed as they are counted now."""
        if not self._state.open:  # the window was closed meanwhile
            return
        self.display.read_out_regions(review, self._state.order)
        self.recounted.emit()

    # --- studies

    def load_study(self, study: Study, progress: Progress) -> list[Scan | None]:
        """The images of a study's two timepoints."""
        return load_scans(study, progress)

    def open_study(self, study: Study, scans: Sequence[Scan | None]) -> None:
        """Show both scans, to a blinded reader without what headers say; what is stored of them is read meanwhile."""
        state, plan = self._state, study.plan
        if plan is not None and not signed_by_another_version(study):
            self.settings, self.age_years = settings_of(study), plan.age_years
            state.loader.allow_different_patients = plan.allow_different_patients
            state.loader.same_patient = plan.same_patient
        state.set_step("load", Step("done"))
        self._resume()
        there = [scan for scan in scans if scan is not None]
        self.display.show_pair(there, state.order, blinded=state.blinded)

    def _resume(self) -> None:
        """Find again what the study's settings find; what another version signed is shown as it is stored."""
        state = self._state
        study, reading, scans = state.study, state.reading, tuple(state.loader.scans)
        volumes = [scan.volume for scan in scans if scan is not None]
        if study is None or reading is None:
            self.run()
            return
        if not made_by_another_version(study, reading):
            self._read = scans
            workspace, shown = state.workspace, partial(self._labels_found.emit, scans)
            state.worker.start(
                "prepare", lambda _: kept_reading(study, reading, volumes, workspace, shown), self._show_kept
            )
            return
        self._read = scans
        state.worker.start("prepare", lambda _: stored_reading(study, reading, volumes), self._show_stored)

    def _show_kept(self, found: KeptReading | None) -> None:
        """Show what a study stores of a reading; what cannot be told from that, or is not of this version, is run."""
        if found is None:
            self.run()
            return
        state = self._state
        for step in ("lungs", "opacity", "register"):
            state.steps[step] = Step("done", "as it was stored")
        self._show_review(found.review)
        if found.comparison is not None:
            state.workspace.go_on_with_stored()
            if found.written is not None:
                state.written = WrittenWork(WrittenWork.mark(state.workspace), found.written)
            self._show_comparison(found.comparison, found.review.edits)
        else:
            self.run()

    def _show_stored(self, stored: StoredReading) -> None:
        """Show what was signed, with nothing to correct."""
        state = self._state
        self.stored = stored
        for pane, timepoint in enumerate(state.order):
            self.display.show_part(pane, OPACITY, stored.points[timepoint].opacity)
        for step in ("lungs", "opacity"):
            state.set_step(step, Step("done", "as it was stored"))
        state.set_step("sign", Step("done", stored.summary))
        state.reading_changed.emit()
        state.changed.emit()

    def restart(self) -> None:
        """Replay another journal on what was found."""
        if self.prepared is not None:
            self.show_prepared(self.prepared, None)
        elif self.review is not None:
            self._resume()

    def save_job(self) -> Callable[[Progress], object] | None:
        """Write masks, numbers and the report page."""
        job = writing_job(self.prepared, self.review, self.up_to_date, self._state.workspace.write)
        return None if job is None else job.work

    def sign_summary(self) -> tuple[str, ...]:
        """Verdict and change of both lungs, hidden from a blinded reader, and what was left open."""
        shown = None if self._state.blinded else self.comparison
        return sign_summary(shown, self.candidates, up_to_date=self.up_to_date is not None)

    def sign_job(self) -> SigningJob | None:
        """Sign with the numbers as they stand; what was hidden from a blinded reader is shown from then on."""
        job = writing_job(self.prepared, self.review, self.up_to_date, self._state.workspace.sign)
        if job is None or self._state.reading is None:
            return None

        def reveal(comparison: Comparison) -> None:
            state = self._state
            assert self.review is not None
            self.display.show_review(self.review, state.loader.scans, state.order, blinded=False)
            state.reading_changed.emit()
            self._show_comparison(comparison, job.edits)

        return SigningJob(job.work, reveal)
