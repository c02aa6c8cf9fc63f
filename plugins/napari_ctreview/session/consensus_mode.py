"""Two readings of one study beside each other, and the consensus that is made from them, one difference at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from ctreview.errors import WrongUse
from ctreview.progress import Progress
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.review.archive import ImageSource
from ctreview.review.consensus import ReadingDifference, Side
from ctreview.review.consensus_review import ComparedReadings, ConsensusReview, compare_readings
from ctreview.volume.labels import Label, LabelMap, Scheme
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.reading_mode import SigningJob
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.steps import Step
from napari_ctreview.viewer.correspondence import ROLES, TITLES
from napari_ctreview.viewer.readout import ReadoutSource

if TYPE_CHECKING:
    from ctreview.edits import LabelChange
    from ctreview.study import Study

__all__ = ["ConsensusMode"]

_DIFFERENCE = "difference"
"""The layer that outlines the difference that is decided."""

_OUTLINED = Scheme((Label(1, _DIFFERENCE, (255, 255, 255)),))

_CONSENSUS_PANE = 2


class ConsensusMode(QObject):
    """A `ReadingMode` that shows one scan three times: as either reader left it, and as it was decided so far.

    It is opened by name and not by a study's plan: `pair` says which readings, and the study is opened under the name
    that the consensus gets.

    Parameters
    ----------
    state : ReadingState

    Attributes
    ----------
    pair : tuple of str
        The two readings that are opened next, as `ctreview.review.readings.find_reading` takes them.
    review : ConsensusReview or None
    current : ReadingDifference or None
        The one that is shown.
    moved : Signal()
        Another difference is shown, or it was decided.
    """

    recipe: str | None = "consensus"
    steps = frozenset({"differences"})
    can_blind = False  # both readings are shown by name

    moved = Signal()

    def __init__(self, state: ReadingState) -> None:
        super().__init__(state)
        self._state = state
        self.pair = ("", "")
        self.review: ConsensusReview | None = None
        self.current: ReadingDifference | None = None
        self._compared: ComparedReadings | None = None
        self._loaded: ComparedReadings | None = None  # what is opened next, once what is open was closed
        self._shown: int | None = None

    @property
    def begun(self) -> bool:
        """Never: the consensus is corrected, saved and signed when it is opened by itself."""
        return False

    @property
    def read_only(self) -> str:
        """A consensus is corrected when it is opened by itself."""
        return "Open the consensus by itself to correct it."

    @property
    def run_words(self) -> str:
        """Nothing is computed."""
        return "Run all"

    @property
    def can_run(self) -> bool:
        """Nothing is computed."""
        return False

    def session_of(self, pane: int) -> int | None:
        """None: what is decided is decided by the list, and tools change nothing here."""
        del pane
        return None

    def title_of(self, session: int) -> str:
        """Sessions are numbered as the scans are."""
        assert self.review is not None
        return TITLES[self.review.compared.scans[session][0].number - 1]

    # --- scans

    def reads(self, scans: Sequence[Scan]) -> bool:
        """Never: it is opened from a study with two readings."""
        del scans
        return False

    def continues_with(self, scans: Sequence[Scan | None]) -> bool:
        """Other scans end it."""
        del scans
        return self.review is None

    def show(self, scans: Sequence[Scan | None]) -> None:
        """Nothing: scans are shown when a difference is."""

    def start(self, scans: Sequence[Scan | None]) -> None:
        """Nothing: it begins with a study."""

    def run(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Forget both readings, and put the third pane away; what was decided is on the disk already."""
        if self._shown is not None and self._state.open:
            panes = self._state.panes
            panes.link.unlink()
            panes.panes[_CONSENSUS_PANE].clear()
            panes.hanging.use(_CONSENSUS_PANE, False)
        self.review = self.current = self._compared = None
        self._shown = None

    # --- differences

    @property
    def differences(self) -> tuple[ReadingDifference, ...]:
        """All of them, the largest first."""
        return () if self.review is None else self.review.compared.differences

    @property
    def readers(self) -> tuple[str, str]:
        """Who read."""
        return self.pair if self.review is None else self.review.compared.names

    def go_to(self, number: int) -> None:
        """Show a difference by its number."""
        review = self.review
        if review is None:
            return
        self.current = difference = review.difference(number)
        self._show_scan(difference.timepoint)
        for pane in self._state.panes.panes:
            pane.go_to(np.asarray(difference.point))
        self._outline(difference)
        self.moved.emit()

    def decide(self, side: Side) -> None:
        """Decide the difference that is shown; it is on the disk when this returns."""
        review, difference = self.review, self.current
        if review is None or difference is None:
            return
        self._state.record("Nothing was decided", lambda: review.decide(difference.number, side))
        self._tell()

    def _tell(self) -> None:
        review = self.review
        assert review is not None
        left = len(review.undecided)
        words = "all differences are decided" if not left else f"{left} of {len(self.differences)} are left"
        self._state.set_step("differences", Step("to do" if left else "done", words))
        self.moved.emit()

    def _changed(self, number: int, change: LabelChange) -> None:
        """Draw the consensus anew."""
        if number == self._shown:
            self._state.panes.panes[_CONSENSUS_PANE].refresh_labels(OPACITY, change.before.box)
        if self.review is not None:
            self._tell()

    def _show_scan(self, timepoint: int) -> None:
        """Show one scan with the labels of both readers and of the consensus."""
        review, panes = self.review, self._state.panes
        assert review is not None
        number = next(n for n, (first, _) in enumerate(review.compared.scans) if first.number == timepoint)
        if number == self._shown:
            return
        self._shown = number
        first, second = review.compared.scans[number]
        volume, role = first.timepoint.volume, ROLES[timepoint - 1]
        names = (*(f"{letter}: {who}" for letter, who in zip("AB", self.readers, strict=True)), "consensus")
        titles = [f"{name}, {TITLES[timepoint - 1]}" for name in names]
        panes.scans.show_volumes([volume] * 3, titles, (role,) * 3)
        panes.link.link_one_scan()
        for pane, labels in enumerate((first.opacity, second.opacity)):
            panes.show_labels(pane, labels, name=OPACITY)
            panes.set_readout_source(pane, ReadoutSource(classes=(labels,), regions=first.timepoint.regions))
        session = review.sessions[number]
        panes.show_labels(_CONSENSUS_PANE, session.base, name=OPACITY, array=session.array)
        known = ReadoutSource(classes=(session.labels,), regions=first.timepoint.regions)
        panes.set_readout_source(_CONSENSUS_PANE, known)

    def _outline(self, difference: ReadingDifference) -> None:
        """Outline what is decided in all three."""
        panes = self._state.panes
        geometry = panes.panes[0].geometry
        array = np.zeros(geometry.shape, np.uint8)
        array[difference.box][difference.where] = _OUTLINED[_DIFFERENCE].value
        shown = LabelMap(array, geometry, _OUTLINED)
        for pane in range(len(panes.panes)):
            layer = panes.show_labels(pane, shown, name=_DIFFERENCE)
            layer.contour, layer.opacity = 2, 1.0

    # --- studies

    def load_study(self, study: Study, progress: Progress) -> list[Scan | None]:
        """Replay both readings; called away from the window.

        Raises
        ------
        WrongUse
            The study is none of two CTs.
        InputRefused
            A scan is gone or another one.
        """
        if study.plan is not None and study.plan.recipe != "chest_ct":
            raise WrongUse("a consensus is made of readings of chest CT", where=study.folder)
        compared = self._loaded = compare_readings(study, *self.pair, progress=progress)
        found: list[Scan | None] = [None, None]
        for first, _ in compared.scans:
            source = study.source(first.number)
            found[first.number - 1] = Scan(ImageSource(source.path, source.series), first.timepoint.volume)
        return found

    def open_study(self, study: Study, scans: Sequence[Scan | None]) -> None:
        """Show the first difference that is not decided."""
        del study, scans
        self._compared, self._loaded = self._loaded, None
        self.restart()

    def restart(self) -> None:
        """Go on with the decisions of the reading that is open now."""
        state, compared = self._state, self._compared
        if compared is None:
            return
        workspace = state.workspace
        self.review = ConsensusReview(
            compared, author=workspace.author, journal=workspace.journal, listener=self._changed
        )
        self._shown = None
        state.set_step("load", Step("done"))
        state.reading_changed.emit()
        left = self.review.undecided
        if self.differences:
            self.go_to(left[0] if left else 1)
        else:
            self._show_scan(compared.scans[0][0].number)
        self._tell()
        state.changed.emit()

    def save_job(self) -> Callable[[Progress], object] | None:
        """Nothing: decisions are on the disk; masks and numbers are written when the consensus is opened by itself."""
        return None

    def sign_summary(self) -> tuple[str, ...]:
        """Nothing is signed here."""
        return ()

    def sign_job(self) -> SigningJob | None:
        """Nothing is signed here: the consensus is opened by itself, compared, and signed then."""
        return None
