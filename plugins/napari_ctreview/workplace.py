"""What is being read, in one place without a window of its own: scans, results, corrections, study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from ctreview.edits import Edit, Session
from ctreview.errors import in_words
from ctreview.progress import Progress
from ctreview.recipes.chest_ct import ChestCtSettings, Prepared, conclude, prepare
from ctreview.recipes.review import Review
from ctreview.study import Reading, Study
from ctreview.volume.volume import Volume
from napari_ctreview.panes import Panes
from napari_ctreview.readout import Known
from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from ctreview.change import Comparison
    from ctreview.change.tally import Tally
    from ctreview.edits import Change
    from ctreview.tools import Canvas

__all__ = ["Workplace"]

PAUSE_MS = 1200
"""So long after the last act the comparison is made anew."""


class Workplace(QObject):  # type: ignore[misc,unused-ignore]
    """The state of a reading.

    Attributes
    ----------
    panes : Panes
    settings : ChestCtSettings
    prepared : Prepared or None
    comparison : Comparison or None
        With the corrections up to when it was made.
    study : Study or None
    reading : Reading or None
    prepared_changed, edited(int, Change), concluded(Comparison), state_changed, failed(str) : Signal
    """

    prepared_changed = Signal()
    edited = Signal(int, object)
    concluded = Signal(object)
    state_changed = Signal()
    failed = Signal(str)

    def __init__(self, panes: Panes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.panes = panes
        self.worker = Worker(self)
        self.settings = ChestCtSettings()
        self.author = "reader"
        self.prepared: Prepared | None = None
        self.review: Review | None = None
        self.comparison: Comparison | None = None
        self.study: Study | None = None
        self.reading: Reading | None = None
        self._journal: list[Edit] = []
        self._layers: list[Any] = [None, None]
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.conclude)
        self.worker.ended.connect(self._ended)

    # --- what the panes' tools work with

    @property
    def sessions(self) -> tuple[Session, Session] | None:
        """The opacity of baseline and follow-up under correction."""
        return None if self.review is None else self.review.sessions

    @property
    def tallies(self) -> tuple[Tally, Tally] | None:
        """Millilitres per region of baseline and follow-up, as they stand."""
        return None if self.review is None else self.review.tallies

    def session(self, number: int) -> Session | None:
        """What is corrected in a pane."""
        return None if self.review is None else self.review.sessions[number]

    def canvas(self, number: int) -> Canvas | None:
        """What tools work on in a pane, with the labels as they stand."""
        return None if self.review is None else self.review.canvas(number)

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> Change | None:
        """Use a tool in a pane; None, and `failed` says why, where the act could not be kept.

        Raises
        ------
        EditDoesNotApply
            The tool has nothing to do there.
        """
        if self.review is None:
            return None
        try:
            return self.review.act(number, kind, payload)
        except OSError as error:
            self.failed.emit(f"The act was not kept: {in_words(error)}")
            return None

    def undo(self) -> None:
        """Take back the last act, in whichever pane it was."""
        self._step("undo")

    def redo(self) -> None:
        """Bring back what was taken back last."""
        self._step("redo")

    def _step(self, which: str) -> None:
        if self.review is None:
            return
        try:
            getattr(self.review, which)()
        except OSError as error:
            self.failed.emit(f"The {which} was not kept: {in_words(error)}")

    # --- the steps

    def prepare(self, baseline: Volume, followup: Volume) -> None:
        """Find lungs and opacity in two scans and register them, in the background."""
        settings = self.settings

        def work(progress: Progress) -> Prepared:
            return prepare(baseline, followup, settings=settings, progress=progress)

        self.worker.start("prepare", work, self.take)

    def take(self, prepared: Prepared) -> None:
        """Work on with what the computer found; the reader's corrections are replayed on it."""
        self.prepared, self.comparison = prepared, None
        self.review = Review(
            prepared, author=self.author, record=self._record, journal=self._journal, listener=self._changed
        )
        self._show()
        self.prepared_changed.emit()
        self.state_changed.emit()
        self.conclude()

    def conclude(self) -> None:
        """Compare both scans as they stand, in the background."""
        if self.prepared is None or self.review is None:
            return
        prepared, edits = self.prepared, self.review.edits
        self.worker.cancel("conclude")
        self.worker.start("conclude", lambda progress: conclude(prepared, edits=edits, progress=progress), self._has)

    def close(self) -> None:
        """Stop what runs and let go of the panes, which end with napari's window."""
        self._pause.stop()
        self.worker.cancel()
        self._layers = [None, None]
        del self.panes

    def _has(self, comparison: Comparison) -> None:
        self.comparison = comparison
        for number, point in enumerate((comparison.baseline, comparison.followup)):
            self.panes.know(number, replace(self._known(number), fate=point.fate))
        self.concluded.emit(comparison)
        self.state_changed.emit()

    def _ended(self, _name: str, how: str, said: str) -> None:
        if how == "failed":
            self.failed.emit(said)
        self.state_changed.emit()

    # --- after an act

    def _record(self, edit: Edit) -> None:
        if self.reading is not None:
            self.reading.record(edit)
        self._journal.append(edit)

    def _changed(self, number: int, change: Change) -> None:
        self.worker.cancel("conclude")
        layer = self._layers[number]
        if layer is not None:
            layer.refresh()
        self._pause.start()
        self.edited.emit(number, change)
        self.state_changed.emit()

    # --- what is shown

    def _show(self) -> None:
        assert self.prepared is not None
        assert self.review is not None
        points = self.prepared.points
        self.panes.show_timepoints(points[0].volume, points[1].volume, transform=self.prepared.transform)
        for number, session in enumerate(self.review.sessions):
            layer = self.panes.show_labels(number, session.base, name="opacity", array=session.array)
            self._layers[number] = layer
            self.panes.know(number, self._known(number))

    def _known(self, number: int) -> Known:
        assert self.prepared is not None
        assert self.review is not None
        point = self.prepared.points[number]
        vessels = () if point.vessels is None else (point.vessels,)
        return Known(classes=(self.review.sessions[number].labels, *vessels), regions=point.regions)
