"""Regions painted on muscle MRI, while the panes show one contrast after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from qtpy.QtCore import QObject

from ctreview.errors import CtreviewError, in_words
from ctreview.review.regions import REGIONS, RegionReview, RegionRow, region_plan
from napari_ctreview.session.steps import SIGNED, Step

if TYPE_CHECKING:
    from ctreview.edits import LabelChange, Session
    from ctreview.review.workspace import Workspace
    from ctreview.tools import Canvas
    from napari_ctreview.input_output.scans import Scan
    from napari_ctreview.session.reading_display import ReadingDisplay
    from napari_ctreview.session.scan_loader import ScanLoader
    from napari_ctreview.session.steps import Steps
    from napari_ctreview.viewer.panes import Panes

__all__ = ["PaintingContext", "RegionPainting"]


class PaintingContext(Protocol):
    """Where painting happens.

    Attributes
    ----------
    workspace, loading, display, panes, steps
        Where acts are put down, where scans come from, what shows them, what they are shown on, how far each step is.
    failed, state_changed, prepared_changed : Signal
    """

    workspace: Workspace
    loader: ScanLoader
    display: ReadingDisplay
    panes: Panes
    steps: Steps
    failed: Any
    state_changed: Any
    prepared_changed: Any

    @property
    def signed(self) -> bool:
        """Whether the reading is closed."""

    def keep(self, what: str, act: Callable[[], Any]) -> Any:
        """Do what is put down as a record; None, and `failed` says why, where it could not be."""

    def report_act(self, pane: int, change: LabelChange) -> None:
        """Say that an act was kept."""


class RegionPainting(QObject):
    """Reading MRI: nothing is computed in it, everything is painted.

    Parameters
    ----------
    controller : PaintingContext
        Whose reading it is.

    Attributes
    ----------
    review : RegionReview or None
        What is painted, by pane.
    """

    def __init__(self, controller: PaintingContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.review: RegionReview | None = None
        controller.panes.contrast_changed.connect(self._look)

    @property
    def open(self) -> bool:
        """Whether MRI is read."""
        return self.review is not None

    def begin(self, scans: Sequence[Scan | None]) -> None:
        """Let regions be painted on the MRI that is shown; what the journal says was painted before stands again.

        Scans are in the order of the timepoints; None where there is none.
        """
        controller = self._controller
        there = {timepoint: scan for timepoint, scan in enumerate(scans, 1) if scan is not None}
        try:
            images = {timepoint: scan.volume for timepoint, scan in there.items()}
            places = {timepoint: scan.place for timepoint, scan in there.items()}
            controller.workspace.store_images(images, places, region_plan(images, settings=controller.loader.settings))
        except (OSError, CtreviewError) as error:
            controller.failed.emit(f"What is painted is not kept until the study is saved: {in_words(error)}")
        self.review = RegionReview(
            [scan.contrasts for scan in there.values() if scan.contrasts is not None],
            timepoints=tuple(there),
            author=controller.workspace.author,
            journal=controller.workspace.journal,
            listener=self._painted,
        )
        self._look()
        controller.display.show_regions(self.review)
        lost = "; ".join(f"{edit.kind}: {why}" for edit, why in self.review.refused)
        says = f"{len(self.review.refused)} earlier acts no longer apply ({lost})." if lost else ""
        controller.steps["correct"] = Step("done" if controller.workspace.journal else "to do", says)
        if controller.signed:
            controller.steps["sign"] = Step("done", SIGNED)
        controller.prepared_changed.emit()
        controller.state_changed.emit()

    def continues_with(self, scans: Sequence[Scan | None]) -> bool:
        """Whether what is painted on is still there, each at its timepoint; another timepoint may join it."""
        if self.review is None:
            return True
        now = [None if scan is None else scan.volume.digest for scan in scans]
        painted = zip(self.review.timepoints, self.review.sessions, strict=True)
        return all(now[timepoint - 1] == session.image for timepoint, session in painted)

    def session(self, number: int) -> Session | None:
        """What is painted in a pane."""
        return self.review.sessions[number] if self.review is not None and self._shows(number) else None

    def canvas(self, number: int) -> Canvas | None:
        """What tools work on in a pane: the contrast in view."""
        return self.review.canvas(number) if self.review is not None and self._shows(number) else None

    def name(self, words: str) -> str | None:
        """Name a region; gives its key, or None, and `failed` says why, where it was not kept."""
        review = self.review
        if review is None:
            return None
        label = self._controller.keep("The region was not kept", lambda: review.name(words))
        if label is None:
            return None
        self._controller.display.show_regions(review)
        self._controller.state_changed.emit()
        return str(label.key)

    def set_middle(self, number: int, x_mm: float) -> None:
        """Say where right and left part in a pane, LPS millimetres."""
        review = self.review
        if review is not None and self._shows(number):
            self._controller.keep("The mid-plane was not kept", lambda: review.set_middle(number, x_mm))
            self._controller.state_changed.emit()

    def rows(self) -> tuple[tuple[RegionRow, ...], ...]:
        """What every region measures in the contrast that each pane shows."""
        if self.review is None:
            return ()
        return tuple(self.review.rows(number, self._contrast(number)) for number in range(len(self.review.sessions)))

    def _contrast(self, number: int) -> str:
        assert self.review is not None
        shown = self._controller.panes.panes[number].volume
        known = self.review.examinations[number].contrasts
        return next((one.name for one in known if one.volume is shown), known[0].name)

    def _shows(self, number: int) -> bool:
        return self.review is not None and number < len(self.review.sessions)

    def _look(self) -> None:
        """Let the tools work on the contrast that each pane shows."""
        if self.review is not None:
            for number in range(len(self.review.sessions)):
                shown = self._controller.panes.panes[number].volume
                if shown is not None:
                    self.review.look_at(number, shown.digest)

    def _painted(self, number: int, change: LabelChange) -> None:
        self._controller.display.refresh(number, REGIONS, change.before.box)
        self._controller.report_act(number, change)
