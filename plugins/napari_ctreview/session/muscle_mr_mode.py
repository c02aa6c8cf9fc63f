"""Reading muscle MRI: nothing is computed in it; regions are named, painted and measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from ctreview.errors import CtreviewError, in_words
from ctreview.progress import Progress, part
from ctreview.review import regions
from ctreview.review.archive import ImageSource
from ctreview.review.images import load_examination_of_study, load_settings_of
from ctreview.review.region_files import sign_regions, write_regions
from ctreview.review.regions import REGIONS, RegionReview, RegionRow, region_plan
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.reading_mode import SigningJob
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.steps import Step
from napari_ctreview.viewer.correspondence import ROLES
from napari_ctreview.viewer.readout import ReadoutSource

if TYPE_CHECKING:
    from ctreview.edits import LabelChange
    from ctreview.study import Study

__all__ = ["MuscleMrMode"]


class MuscleMrMode(QObject):
    """A `ReadingMode` on examinations of several contrasts.

    Parameters
    ----------
    state : ReadingState

    Attributes
    ----------
    review : RegionReview or None
        What is painted, by pane.
    """

    recipe: str | None = regions.RECIPE
    computed = False
    can_blind = False  # its contrasts and their names show anyway which scan is which

    def __init__(self, state: ReadingState) -> None:
        super().__init__(state)
        self._state = state
        self.review: RegionReview | None = None
        state.panes.scans.contrast_changed.connect(self._use_contrast_in_view)

    @property
    def read_only(self) -> str:
        """Never: regions are painted, and no version of ctreview finds others."""
        return ""

    @property
    def begun(self) -> bool:
        """Whether MRI is read."""
        return self.review is not None

    def session_of(self, pane: int) -> int | None:
        """Sessions are numbered as the panes are."""
        return pane if self.review is not None and pane < len(self.review.sessions) else None

    # --- scans

    def reads(self, scans: Sequence[Scan]) -> bool:
        """Whether these are examinations of contrasts."""
        return bool(scans) and all(scan.contrasts is not None for scan in scans)

    def continues_with(self, scans: Sequence[Scan | None]) -> bool:
        """Whether what is painted on is still there, each at its timepoint; another timepoint may join it."""
        if self.review is None:
            return True
        now = [None if scan is None else scan.volume.digest for scan in scans]
        painted = zip(self.review.timepoints, self.review.sessions, strict=True)
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
            state.workspace.store_images(images, places, region_plan(images, settings=state.loader.settings))
        except (OSError, CtreviewError) as error:
            state.failed.emit(f"What is painted is not kept until the study is saved: {in_words(error)}")
        self.review = RegionReview(
            [scan.contrasts for scan in there.values() if scan.contrasts is not None],
            timepoints=tuple(there),
            author=state.workspace.author,
            journal=state.workspace.journal,
            listener=self._painted,
        )
        self._use_contrast_in_view()
        self._show_regions(self.review)
        state.show_journal(self.review.refused)
        state.reading_changed.emit()
        state.changed.emit()

    def run(self) -> None:
        """Say that there is nothing to run."""
        self._state.failed.emit("Two CTs are needed: drop one on each pane, or open them under “Load”.")

    def close(self) -> None:
        """Forget what was painted."""
        self.review = None

    # --- regions

    def name_region(self, words: str) -> str | None:
        """Name a region; gives its key, or None, and `ReadingState.failed` says why, where it was not kept."""
        review = self.review
        if review is None:
            return None
        label = self._state.record("The region was not kept", lambda: review.name(words))
        if label is None:
            return None
        self._show_regions(review)
        self._state.changed.emit()
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
        return tuple(self.review.rows(number, self._contrast(number)) for number in range(len(self.review.sessions)))

    def rows_of_all_contrasts(self) -> list[RegionRow]:
        """What every region measures in every contrast, one timepoint after the other."""
        if self.review is None:
            return []
        return [row for number in range(len(self.review.sessions)) for row in self.review.rows(number)]

    def _show_regions(self, review: RegionReview) -> None:
        """Show the regions with the names they have by now."""
        panes = self._state.panes
        for number, session in enumerate(review.sessions):
            panes.show_labels(number, session.base, name=REGIONS, array=session.array)
            panes.set_readout_source(number, ReadoutSource(classes=(session.labels,)))

    def _contrast(self, number: int) -> str:
        assert self.review is not None
        shown = self._state.panes.panes[number].volume
        known = self.review.examinations[number].contrasts
        return next((one.name for one in known if one.volume is shown), known[0].name)

    def _use_contrast_in_view(self) -> None:
        """Let the tools work on the contrast that each pane shows."""
        if self.review is not None:
            for number in range(len(self.review.sessions)):
                shown = self._state.panes.panes[number].volume
                if shown is not None:
                    self.review.look_at(number, shown.digest)

    def _painted(self, number: int, change: LabelChange) -> None:
        self._state.panes.panes[number].refresh_labels(REGIONS, change.before.box)
        self._state.report_act(number, change)

    # --- studies

    def load_study(self, study: Study, progress: Progress) -> list[Scan | None]:
        """The MRI of a study by timepoint; None where it has none."""
        found: list[Scan | None] = [None, None]
        numbers = study.timepoints
        for done, number in enumerate(numbers):
            share = part(progress, done / len(numbers), (done + 1) / len(numbers))
            images = load_examination_of_study(study, number, progress=share)
            source = study.source(number)
            found[number - 1] = Scan(ImageSource(source.path, source.series), images.contrasts[0].volume, images)
        return found

    def open_study(self, study: Study, scans: Sequence[Scan | None]) -> None:
        """Show it as if it had been loaded, and paint on."""
        self._state.loader.settings = load_settings_of(study)
        self._state.set_step("load", Step("done"))
        self.show(scans)
        self.start(self._state.loader.scans)

    def restart(self) -> None:
        """Replay another journal on the same examinations."""
        if self.review is not None:
            self.start(self._state.loader.scans)

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
        painted = {int(value) for session in self.review.sessions for value in np.unique(session.array)}
        names = [label.name for label in self.review.sessions[0].base.scheme if label.value in painted]
        return (f"{len(names)} region{'' if len(names) == 1 else 's'} painted: {', '.join(names) or 'none'}",)

    def sign_job(self) -> SigningJob | None:
        """Write the regions, and sign."""
        review, reading = self.review, self._state.reading
        if review is None or reading is None:
            return None
        return SigningJob(lambda _progress: sign_regions(review, reading), lambda _done: None)
