"""What is done with the scans of one kind of examination: the one place where chest CT and muscle MR differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ctreview.edits import LabelChange, Session
from ctreview.progress import Progress

if TYPE_CHECKING:
    from ctreview.study import Study
    from ctreview.tools import Canvas
    from napari_ctreview.input_output.scans import Scan

__all__ = ["LabelReview", "ReadingMode", "SigningJob"]


class LabelReview(Protocol):
    """Labels under correction, one session for each scan; `OpacityReview` and `RegionReview` are such."""

    @property
    def sessions(self) -> Sequence[Session]:
        """The labels of each scan."""

    def canvas(self, number: int) -> Canvas:
        """What tools work on, with the labels as they stand."""

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange:
        """Use a tool."""

    def undo(self) -> object:
        """Take back the last act."""

    def redo(self) -> object:
        """Bring back what was taken back last."""

    @property
    def redoable(self) -> int:
        """How many acts can be brought back."""


@dataclass(frozen=True, eq=False)
class SigningJob:
    """How a reading is signed.

    Attributes
    ----------
    work : callable
        Writes numbers and signature, away from the window.
    then : callable
        Takes what that gave, in the window.
    """

    work: Callable[[Progress], Any]
    then: Callable[[Any], object]


class ReadingMode(Protocol):
    """From the scans that were loaded to what is saved and signed.

    A mode is open from `start`, `run` or `open_study` until `close`. It tells how far it is by the `ReadingState` that
    it was made with.

    Attributes
    ----------
    recipe : str or None
        What the plan of a study of this kind names; None is chest CT, whose plans are those that name nothing else.
    steps : frozenset of str
        The steps of the computer in this mode, by their names in `STEPS`.
    can_blind : bool
        Whether dates, order and headers can be hidden from the reader.
    """

    recipe: str | None
    steps: frozenset[str]
    can_blind: bool

    @property
    def begun(self) -> bool:
        """Whether there is something to correct, to save and to sign."""

    @property
    def read_only(self) -> str:
        """Why what is shown cannot be corrected by any new version of the reading; empty where it can."""

    @property
    def run_words(self) -> str:
        """What the button says that runs the steps on the scans that are loaded."""

    @property
    def can_run(self) -> bool:
        """Whether the steps can be run on them."""

    @property
    def review(self) -> LabelReview | None:
        """What is corrected; None before there is anything."""

    def session_of(self, pane: int) -> int | None:
        """Which session of the review a pane shows; None where it shows none."""

    def title_of(self, session: int) -> str:
        """What the reader calls the scan of a session."""

    # --- scans

    def reads(self, scans: Sequence[Scan]) -> bool:
        """Whether scans are of the kind that this mode is for."""

    def continues_with(self, scans: Sequence[Scan | None]) -> bool:
        """Whether what is open goes on with these scans, which are loaded now; else it must be closed."""

    def show(self, scans: Sequence[Scan | None]) -> None:
        """Show scans that were just loaded, before anything is found in them."""

    def start(self, scans: Sequence[Scan | None]) -> None:
        """Begin with what was loaded, as far as that needs no word of the reader."""

    def run(self) -> None:
        """Run the steps of the computer."""

    def close(self) -> None:
        """Stop what runs and forget what was found; acts are on the disk already."""

    # --- studies

    def load_study(self, study: Study, progress: Progress) -> list[Scan | None]:
        """The scans of a study by timepoint, as they were when it was made; called away from the window.

        Raises
        ------
        InputRefused
            One is gone or another one.
        """

    def open_study(self, study: Study, scans: Sequence[Scan | None]) -> None:
        """Take over the settings of a study, show its scans, and go on with it."""

    def restart(self) -> None:
        """Go on with another reading of the same scans."""

    def save_job(self) -> Callable[[Progress], object] | None:
        """What writes masks and numbers into the reader's folder; None where there is nothing to be saved."""

    def sign_summary(self) -> tuple[str, ...]:
        """What would be signed now, a line each, for the reader to see before."""

    def sign_job(self) -> SigningJob | None:
        """What signs the reading; None where there is nothing to be signed."""
