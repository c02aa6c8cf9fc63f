"""What changed: regions with intervals and verdicts, pieces to go through, and the report in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from ctreview.change import Candidate, Comparison, Piece, Pieces, RegionChange, carry_over, find_pieces, open_candidates
from ctreview.report import words
from ctreview.report.languages import Marked
from napari_ctreview.widgets.piece_list import PieceList
from napari_ctreview.widgets.region_table import VERDICTS, RegionTable
from napari_ctreview.widgets.words_tab import WordsTab
from napari_ctreview.worker import Worker

__all__ = ["ChangePanel"]

_NOT_YET = "The change is shown once both scans are compared."

Counts = Mapping[str, Mapping[str, float]]


class ChangePanel(QWidget):
    """The change between two timepoints, live while it is corrected.

    Attributes
    ----------
    go_to : Signal(int, object)
        A pane (0 baseline, 1 follow-up) and a place in LPS millimetres that the reader wants to see.
    decided : Signal(int, str, object)
        A pane, a kind of edit and its payload: what rejecting a piece means.
    region_chosen : Signal(str)
        A row of the table.
    comparison : Comparison or None
        The last one that was shown.
    regions : tuple of RegionChange
        As they stand, with the corrections since.
    """

    go_to = Signal(int, object)
    decided = Signal(int, str, object)
    region_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.comparison: Comparison | None = None
        self.regions: tuple[RegionChange, ...] = ()
        self._candidates: tuple[Sequence[Candidate], Sequence[Candidate]] = ((), ())
        self._wanted: str | None = None
        self._listed = False
        self._worker = Worker(self)
        self.headline = QLabel(_NOT_YET)
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = RegionTable()
        self.table.itemClicked.connect(lambda *_: self._go_to_region())
        self.table.itemActivated.connect(lambda *_: self._go_to_region())
        self.pieces = PieceList()
        self.pieces.chosen.connect(self._go_to_piece)
        self.pieces.decided.connect(self.decided)
        self.words = WordsTab()
        self.tabs = QTabWidget()
        for widget, title, tip in (
            (self.table, "Regions", "Volumes, change and verdict by region"),
            (self.pieces, "Pieces", "Every piece of opacity by what became of it"),
            (self.words, "Words", "The report, to be copied"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(widget, title), tip)
        self.tabs.setMinimumHeight(320)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.headline)
        layout.addWidget(self.tabs, 1)

    # --- what is shown

    @property
    def listed(self) -> bool:
        """Whether the pieces of the comparison that is shown are listed."""
        return self._listed

    def show_comparison(self, comparison: Comparison) -> None:
        """Show what was found; the pieces follow when they have been listed in the background."""
        self.comparison, self.regions = comparison, comparison.regions
        self._candidates = comparison.baseline.candidates, comparison.followup.candidates
        self._listed = False
        self.table.show_regions(self.regions, carried=False)
        self.words.show_comparison(comparison)
        self._say(carried=False)
        self._worker.cancel()
        self._worker.start("pieces", lambda _: find_pieces(comparison), self._have)

    def clear(self) -> None:
        """Show nothing: other scans are read."""
        self._worker.cancel()
        self.comparison, self.regions, self._wanted, self._listed = None, (), None, False
        self._candidates = ((), ())
        self.headline.setText(_NOT_YET)
        self.table.forget()
        self.pieces.clear()
        self.words.clear()

    def follow(
        self,
        baseline_ml: Counts,
        followup_ml: Counts,
        *,
        volumes_ml: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {}),
        candidates: tuple[Sequence[Candidate], Sequence[Candidate]] | None = None,
    ) -> None:
        """Show the volumes after a correction; intervals are carried over until the next comparison.

        ``volumes_ml`` holds whole regions and ``candidates`` what is offered, as the reader has judged it so far.
        """
        if self.comparison is None:
            return
        self.regions = carry_over(self.comparison, baseline_ml, followup_ml, volumes_ml=volumes_ml)
        if candidates is not None:
            self._candidates = candidates
        self.table.show_regions(self.regions, carried=True)
        self.words.outdated()
        self._say(carried=True)

    def update_report(self, *, signed: Mapping[str, Any] | None = None, findings: Sequence[Marked] = ()) -> None:
        """Say who signed the reading, and what was marked, for the report in words."""
        self.words.update_report(signed=signed, findings=findings)

    def _say(self, *, carried: bool) -> None:
        """The finding in one line, what is in no number, and whether it is up to date."""
        comparison = self.comparison
        assert comparison is not None
        whole = self.regions[0]
        change = whole.change["opacity_ml"]
        assert change is not None
        word, colour = VERDICTS[whole.verdict]
        text = f"<b style='color:{colour}'>{word}</b>"
        if whole.verdict != "not_interpretable":
            text += f" &nbsp;{words.signed(change.value)} mL ({words.span(change.low, change.high)} mL), both lungs"
        reasons = dict.fromkeys(check.message for check in comparison.checks if check.stops)
        text += "".join(f"<br>{escape(reason)}" for reason in reasons)
        offered = dict(zip(("at baseline", "at follow-up"), self._candidates, strict=True))
        open_ml = {when: [one.piece.ml for one in open_candidates(own)] for when, own in offered.items()}
        if asked := words.to_confirm(open_ml):
            text += f"<br>{asked} They are in none of these numbers."
        if carried:
            text += "<br><i style='color:#f0b429'>* corrected since: intervals are carried over</i>"
        self.headline.setText(text)

    def _have(self, pieces: Pieces) -> None:
        self._listed = True
        self.pieces.show_pieces(pieces)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._go_to_place_in(wanted)

    # --- where a reader goes

    def _go_to_region(self) -> None:
        region = self.table.region
        if region is None:
            return
        self.region_chosen.emit(region)
        if self._listed:
            self._go_to_place_in(region)
        else:
            self._wanted = region

    def _go_to_place_in(self, region: str) -> None:
        """The largest piece that is left in a region; where nothing is left, the largest that was there."""
        before, after = self.pieces.pieces.largest
        if region in after:
            self.go_to.emit(1, after[region])
        elif region in before:
            self.go_to.emit(0, before[region])

    def _go_to_piece(self, piece: Piece, fate: str) -> None:
        self.go_to.emit(piece.timepoint, piece.places.get(fate, piece.place))
