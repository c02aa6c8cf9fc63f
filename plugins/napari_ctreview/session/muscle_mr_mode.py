"""Reading muscle MRI: tissues are found, corrected and measured; regions are named and painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from ctreview.errors import CtreviewError, EditDoesNotApply, in_words
from ctreview.muscle.groups import GROUP_TARGET
from ctreview.progress import Progress
from ctreview.recipes.muscle_mri import MuscleMriResult, MuscleMriSettings
from ctreview.report.muscle_words import muscle_change_words
from ctreview.review import regions
from ctreview.review.images import load_settings_of
from ctreview.review.muscle import (
    TISSUE,
    FemurEnd,
    FoundMuscle,
    MeasuredExaminations,
    MuscleReview,
    changes_of_limbs,
)
from ctreview.review.region_files import muscle_settings_of, sign_regions, write_regions
from ctreview.review.regions import REGIONS, RegionReview, RegionRow, region_plan
from ctreview.tools.proposal import TAKE_PROPOSAL, ProposedLabel
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.muscle_mr_study import (
    SignedLabels,
    find_and_store,
    load_examinations,
    signed_labels,
    tissue_step,
)
from napari_ctreview.session.reading_mode import SigningJob
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.steps import Step
from napari_ctreview.viewer.correspondence import ROLES, TITLES
from napari_ctreview.viewer.readout import ReadoutSource

if TYPE_CHECKING:
    from ctreview.edits import LabelChange
    from ctreview.muscle.maps.stir_reference import ReferenceBall
    from ctreview.muscle.scheme import LimbSide
    from ctreview.study import AnalysisPlan, Study
    from ctreview.volume.labels import LabelMap

__all__ = ["Corrected", "MuscleMrMode"]

Corrected = Literal["tissue", "groups", "regions"]
"""What the tools work on: tissues as they were found, groups of muscles, or regions that the reader names."""

PAUSE_MS = 500
"""So long after the last act everything is measured anew."""

_JOBS = ("find muscle", "carry groups", "confirm reference", "measure")


class MuscleMrMode(QObject):
    """A `ReadingMode` on examinations of several contrasts.

    Parameters
    ----------
    state : ReadingState

    Attributes
    ----------
    settings : MuscleMriSettings
    review : RegionReview or None
        What is corrected and painted; a `MuscleReview` once tissues were found.
    corrected : {"tissue", "groups", "regions"}
        What of it the tools work on.
    outcome : MeasuredExaminations or None
        What is measured, with the corrections up to when it was.
    measured : Signal()
        There is another outcome.
    """

    recipe: str | None = regions.RECIPE
    steps = frozenset({"tissue", "measures"})
    can_blind = False  # its contrasts and their names show anyway which scan is which

    measured = Signal()

    def __init__(self, state: ReadingState) -> None:
        super().__init__(state)
        self._state = state
        self.settings = MuscleMriSettings()
        self.review: RegionReview | None = None
        self.corrected: Corrected = "regions"
        self.outcome: MeasuredExaminations | None = None
        self._found: FoundMuscle | None = None
        self._signed: SignedLabels | None = None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.measure)
        state.panes.scans.contrast_changed.connect(self._use_contrast_in_view)

    @property
    def read_only(self) -> str:
        """Why what is shown cannot be corrected here: it was signed with another version; empty where it can."""
        if self._signed is None:
            return ""
        return (
            "This reading was signed with another version of ctreview, and is read-only here: correct it with that"
            " version, or start a study of its own from the scans."
        )

    @property
    def run_words(self) -> str:
        """Two examinations are compared as well."""
        return "Find muscle and compare" if len(self._there) > 1 else "Find muscle"

    @property
    def can_run(self) -> bool:
        """Whether there is an examination."""
        return self.begun

    @property
    def tissues(self) -> MuscleReview | None:
        """The review, where tissues were found."""
        return self.review if isinstance(self.review, MuscleReview) else None

    @property
    def begun(self) -> bool:
        """Whether MRI is read."""
        return self.review is not None

    def session_of(self, pane: int) -> int | None:
        """Sessions are numbered as the panes are: regions, then tissues, then groups."""
        review = self.review
        if review is None or pane >= len(review.drawn):
            return None
        if not isinstance(review, MuscleReview) or self.corrected == "regions":
            return pane
        return review.tissue_number(pane) if self.corrected == "tissue" else review.group_number(pane)

    def title_of(self, session: int) -> str:
        """The timepoint; sessions are the regions of each, then the tissues, then the groups of each."""
        assert self.review is not None
        return TITLES[self.review.timepoints[session % len(self.review.drawn)] - 1]

    # --- scans

    def reads(self, scans: Sequence[Scan]) -> bool:
        """Whether these are examinations of contrasts."""
        return bool(scans) and all(scan.contrasts is not None for scan in scans)

    def continues_with(self, scans: Sequence[Scan | None]) -> bool:
        """Whether what is painted on is still there, each at its timepoint; another timepoint may join it."""
        if self.review is None:
            return True
        now = [None if scan is None else scan.volume.digest for scan in scans]
        painted = zip(self.review.timepoints, self.review.drawn, strict=True)
        return all(now[timepoint - 1] == session.image for timepoint, session in painted)

    def show(self, scans: Sequence[Scan | None]) -> None:
        """Show the first contrast of each examination."""
        there = [(scan.contrasts, ROLES[number]) for number, scan in enumerate(scans) if scan is not None]
        images = [one for one, _ in there if one is not None]
        self._state.panes.scans.show_examinations(*images, roles=[role for _, role in there])

    def start(self, scans: Sequence[Scan | None]) -> None:
        """Let regions be painted on the MRI that is shown; what the journal says was painted before stands again.

        Scans are in the order of the timepoints; None where there is none.
        """
        state = self._state
        there = {timepoint: scan for timepoint, scan in enumerate(scans, 1) if scan is not None}
        try:
            images = {timepoint: scan.volume for timepoint, scan in there.items()}
            places = {timepoint: scan.place for timepoint, scan in there.items()}
            state.workspace.store_images(images, places, self._plan(None))
        except (OSError, CtreviewError) as error:
            state.failed.emit(f"What is painted is not kept until the study is saved: {in_words(error)}")
        for job in _JOBS:
            state.worker.cancel(job)
        self._open(None)

    def _open(self, found: FoundMuscle | None) -> None:
        """Let the reader correct what was found, and paint; what the journal says was done before stands again."""
        state = self._state
        there = {timepoint: scan.contrasts for timepoint, scan in self._there.items() if scan.contrasts is not None}
        examinations, timepoints = tuple(there.values()), tuple(there)
        journal, author = state.workspace.journal, state.workspace.author
        if found is not None:
            self.review = MuscleReview(
                examinations, found, timepoints=timepoints, author=author, journal=journal, listener=self._painted
            )
        else:
            self.review = RegionReview(
                examinations, timepoints=timepoints, author=author, journal=journal, listener=self._painted
            )
        self.corrected = "regions" if found is None else "tissue"
        self.outcome = None
        self._use_contrast_in_view()
        self._show_labels(self.review)
        state.show_journal(self.review.refused)
        self.measured.emit()
        state.reading_changed.emit()
        state.changed.emit()

    # --- tissues

    def run(self) -> None:
        """Find the tissues of every examination, and lay two over each other; what was found already stands."""
        state = self._state
        if self.review is None:
            state.failed.emit("An MRI of thighs or lower legs is needed: drop one on a pane, or open it under “Load”.")
            return
        examinations, timepoints, known = self.review.examinations, self.review.timepoints, self._found
        workspace, settings, plan = state.workspace, self.settings, self._plan(self.settings)

        def work(progress: Progress) -> tuple[FoundMuscle, str]:
            return find_and_store(examinations, timepoints, workspace, plan, settings, known=known, progress=progress)

        for job in _JOBS:
            state.worker.cancel(job)
        state.worker.start("find muscle", work, lambda done: self._show_found(*done))

    def _show_found(self, found: FoundMuscle, not_kept: str) -> None:
        state = self._state
        if not_kept:
            state.failed.emit(not_kept)
        self._found = found
        assert self.review is not None
        state.set_step("tissue", tissue_step(found.scans, self.review.timepoints))
        self._open(found)
        if found.registered is not None and found.registered[0] is not None:
            state.panes.link.register(found.registered[0].transform)
        self.measure()

    def mirror_groups(self, pane: int, drawn_on: LimbSide) -> None:
        """Propose the groups of one side on the other, and take them."""
        review = self.tissues
        if review is not None and pane < len(review.found.scans):
            still = review.snapshot()
            self._take_groups(pane, lambda progress: still.groups_from_other_side(pane, drawn_on, progress=progress))

    def carry_groups(self, pane: int) -> None:
        """Propose the groups of the other date, and take them."""
        review = self.tissues
        if review is not None and pane < len(review.found.scans):
            still = review.snapshot()
            self._take_groups(pane, lambda progress: still.groups_from_other_date(pane, progress=progress))

    def _take_groups(self, pane: int, propose: Callable[[Progress], LabelMap]) -> None:
        """Find in the background what is proposed, and make it one act."""
        state = self._state

        def take(found: LabelMap) -> None:
            review = self.tissues
            said = " ".join(check.message for check in found.checks)
            state.steps["correct"] = Step("done", said)
            proposed = [{"label": one.label, "mask": one.mask.to_json()} for one in ProposedLabel.all_of(found)]
            if review is None or not proposed:
                state.failed.emit(said or "There are no groups to be carried over: draw them first.")
                return
            number, payload = review.group_number(pane), {"proposed": proposed}
            try:
                state.record("The groups were not kept", lambda: review.act(number, TAKE_PROPOSAL, payload))
            except EditDoesNotApply as reason:
                state.failed.emit(f"No group was carried over: {reason.found}.")

        state.worker.cancel("carry groups")
        state.worker.start("carry groups", propose, take)

    def set_femur_end(self, pane: int, end: FemurEnd, z_mm: float) -> None:
        """Say where the femurs in a pane end, LPS millimetres; everything is measured anew."""
        review = self.tissues
        if review is not None and pane < len(review.found.scans):
            self._state.record("The end of the femur was not kept", lambda: review.set_femur_end(pane, end, z_mm))
            self._pause.start()
            self._state.changed.emit()

    def confirm_stir_reference(self, pane: int, ball: ReferenceBall) -> None:
        """Take muscle of a pane to be healthy within a ball, set its STIR against that, and measure anew."""
        review, state = self.tissues, self._state
        if review is None or pane >= len(review.found.scans):
            return
        still = review.snapshot()

        def confirm(_scan: MuscleMriResult) -> None:
            if self.tissues is review:
                state.record("The reference was not kept", lambda: review.confirm_stir_reference(pane, ball))
                state.changed.emit()
                self.measure()

        state.worker.start("confirm reference", lambda _progress: still.referenced(pane, ball), confirm)

    def correct(self, what: Corrected) -> None:
        """Let the tools work on tissues, on groups of muscles, or on the regions that the reader names."""
        self.corrected = what if self.tissues is not None else "regions"
        self._state.reading_changed.emit()
        self._state.changed.emit()

    def measure(self) -> None:
        """Measure everything as it stands, in the background."""
        review, state = self.tissues, self._state
        if review is None or state.signing or not state.open:
            return
        still = review.snapshot()
        state.worker.cancel("measure")
        state.worker.start("measure", lambda _progress: still.measured(), self._show_measured)

    def _show_measured(self, outcome: MeasuredExaminations) -> None:
        state = self._state
        self.outcome = outcome
        assert self.review is not None
        state.set_step("tissue", tissue_step(outcome.scans, self.review.timepoints))
        found = () if outcome.comparison is None else outcome.comparison.checks
        state.set_step("measures", Step("done", checks=tuple(check for check in found if not check.ok)))
        self.measured.emit()

    @property
    def _there(self) -> dict[int, Scan]:
        """The scans that are loaded, by timepoint."""
        return {timepoint: scan for timepoint, scan in enumerate(self._state.loader.scans, 1) if scan is not None}

    def _plan(self, muscle: MuscleMriSettings | None) -> AnalysisPlan:
        loader = self._state.loader
        images = {timepoint: scan.volume for timepoint, scan in self._there.items()}
        allowed = loader.allow_different_patients
        return region_plan(images, settings=loader.settings, muscle=muscle, allow_different_patients=allowed)

    def close(self) -> None:
        """Forget what was found and painted."""
        self._pause.stop()
        for job in _JOBS:
            self._state.worker.cancel(job)
        self.review = self.outcome = self._found = self._signed = None
        self.corrected = "regions"

    # --- regions

    def name_region(self, words: str) -> str | None:
        """Name a region; gives its key, or None, and `ReadingState.failed` says why, where it was not kept."""
        review = self.review
        if review is None:
            return None
        label = self._state.record("The region was not kept", lambda: review.name(words))
        if label is None:
            return None
        self._show_labels(review)
        self.correct("regions")
        return str(label.key)

    def set_middle(self, number: int, x_mm: float) -> None:
        """Say where right and left part in a pane, LPS millimetres."""
        review = self.review
        if review is not None and self.session_of(number) is not None:
            self._state.record("The mid-plane was not kept", lambda: review.set_middle(number, x_mm))
            self._state.changed.emit()

    def rows(self) -> tuple[tuple[RegionRow, ...], ...]:
        """What every region measures in the contrast that each pane shows."""
        if self.review is None:
            return ()
        return tuple(self.review.rows(number, self._contrast(number)) for number in range(len(self.review.drawn)))

    def rows_of_all_contrasts(self) -> list[RegionRow]:
        """What every region measures in every contrast, one timepoint after the other."""
        if self.review is None:
            return []
        return [row for number in range(len(self.review.drawn)) for row in self.review.rows(number)]

    def _show_labels(self, review: RegionReview) -> None:
        """Show the tissues, over them the groups, and over these the regions with the names they have by now."""
        panes = self._state.panes
        for number in range(len(review.drawn)):
            own = [session for n, session in enumerate(review.sessions) if n % len(review.drawn) == number]
            regions, *found = own
            layers = [*found, *((regions,) if len(review.scheme) else ())]
            for name in (TISSUE, GROUP_TARGET, REGIONS):
                panes.panes[number].remove_labels(name)
            for session in layers:
                panes.show_labels(number, session.base, name=session.target, array=session.array)
            known = [session.labels for session in reversed(layers)]
            panes.set_readout_source(number, ReadoutSource(classes=tuple(known)))

    def _contrast(self, number: int) -> str:
        assert self.review is not None
        shown = self._state.panes.panes[number].volume
        known = self.review.examinations[number].contrasts
        return next((one.name for one in known if one.volume is shown), known[0].name)

    def _use_contrast_in_view(self) -> None:
        """Let the tools work on the contrast that each pane shows."""
        if self.review is not None:
            for number in range(len(self.review.drawn)):
                shown = self._state.panes.panes[number].volume
                if shown is not None:
                    self.review.look_at(number, shown.digest)

    def _painted(self, number: int, change: LabelChange) -> None:
        assert self.review is not None
        session, pane = self.review.sessions[number], number % len(self.review.drawn)
        self._state.panes.panes[pane].refresh_labels(session.target, change.before.box)
        if self.tissues is not None:
            self._state.worker.cancel("measure")
            self._pause.start()
        self._state.report_act(pane, change)

    # --- studies

    def load_study(self, study: Study, progress: Progress) -> list[Scan | None]:
        """The MRI of a study by timepoint; None where it has none."""
        return load_examinations(study, progress)

    def open_study(self, study: Study, scans: Sequence[Scan | None]) -> None:
        """Show it as if it had been loaded, and paint on; what another version signed is shown as it is stored."""
        state = self._state
        state.set_step("load", Step("done"))
        self.show(scans)
        there = {timepoint: scan.contrasts for timepoint, scan in self._there.items() if scan.contrasts is not None}
        assert state.reading is not None
        signed = signed_labels(study, state.reading, tuple(there.values()), tuple(there))
        if signed is not None:
            self._show_signed(signed)
            return
        state.loader.settings = load_settings_of(study)
        state.loader.allow_different_patients = study.plan is not None and study.plan.allow_different_patients
        self.start(state.loader.scans)
        settings = muscle_settings_of(study)
        if settings is not None:
            self.settings = settings
            self.run()

    def _show_signed(self, signed: SignedLabels) -> None:
        """Show what was signed, with nothing to correct."""
        state = self._state
        self._signed = signed
        for number, labels in enumerate(signed.labels):
            for name, shown in labels.items():
                state.panes.show_labels(number, shown, name=name)
            state.panes.set_readout_source(number, ReadoutSource(classes=tuple(labels.values())[::-1]))
        state.set_step("tissue", Step("done", "as it was stored"))
        state.set_step("sign", Step("done", signed.summary))
        state.reading_changed.emit()
        state.changed.emit()

    def restart(self) -> None:
        """Replay another journal on the same examinations."""
        if self.review is None:
            return
        self._open(self._found if self.tissues is not None else None)
        self.measure()

    def save_job(self) -> Callable[[Progress], object] | None:
        """Write the regions as they stand now."""
        reading = self._state.reading
        if self.review is None or reading is None:
            return None
        still, folder = self.review.snapshot(), reading.regions_folder
        return lambda _progress: write_regions(still, folder)

    def sign_summary(self) -> tuple[str, ...]:
        """Which regions were painted."""
        if self.review is None:
            return ()
        painted = {int(value) for session in self.review.drawn for value in np.unique(session.array)}
        names = [label.name for label in self.review.scheme if label.value in painted]
        lines = [f"{len(names)} region{'' if len(names) == 1 else 's'} painted: {', '.join(names) or 'none'}"]
        if self.outcome is not None and self.outcome.comparison is not None:
            lines += map(muscle_change_words, changes_of_limbs(self.outcome.comparison))
        return tuple(lines)

    def sign_job(self) -> SigningJob | None:
        """Write the regions, and sign."""
        review, reading = self.review, self._state.reading
        if review is None or reading is None:
            return None
        return SigningJob(lambda _progress: sign_regions(review, reading), lambda _done: None)
