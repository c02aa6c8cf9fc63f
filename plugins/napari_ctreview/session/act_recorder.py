"""What the reader puts down: acts on both scans, findings, key images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from ctreview.edits import Session
from ctreview.errors import CtreviewError, EditDoesNotApply, in_words
from ctreview.review.corrections import OpacityReview
from ctreview.review.workspace import Workspace, reading_order
from ctreview.study import Finding, KeyImage, Reading, Study
from napari_ctreview.session.region_painting import RegionPainting

if TYPE_CHECKING:
    from ctreview.edits import LabelChange
    from ctreview.review.regions import RegionReview
    from ctreview.tools import Canvas

__all__ = ["ActRecorder"]


class ActRecorder(QObject):
    """Takes what tools and marks ask for by pane, and records it in the workspace by timepoint.

    Attributes
    ----------
    workspace : Workspace
        Where acts are put down, and who reads.
    review : OpacityReview or None
        What is corrected of two CTs.
    painting : RegionPainting
        What is painted on MRI instead.
    signing : bool
        While it is set no act is taken.
    state_changed, failed(str) : Signal
    """

    state_changed = Signal()
    failed = Signal(str)

    workspace: Workspace
    review: OpacityReview | None
    painting: RegionPainting
    signing: bool

    # --- who reads what

    @property
    def study(self) -> Study | None:
        """The study that acts are put down in; an unsaved one until the reader chose a folder."""
        return self.workspace.study

    @property
    def reading(self) -> Reading | None:
        """The reader's own part of it."""
        return self.workspace.reading

    @property
    def order(self) -> tuple[int, int]:
        """Which timepoint each pane shows."""
        return reading_order(self.workspace.seed)

    @property
    def blinded(self) -> bool:
        """Whether dates, order and fate are hidden from the reader."""
        return self.workspace.seed is not None

    @property
    def signed(self) -> bool:
        """Whether the reading is closed."""
        return self.reading is not None and self.reading.state == "signed"

    # --- acts: what the panes' tools work with

    def session(self, number: int) -> Session | None:
        """What is corrected or painted in a pane."""
        if self.painting.open:
            return self.painting.session(number)
        return None if self.review is None or number > 1 else self.review.sessions[self.order[number]]

    def canvas(self, number: int) -> Canvas | None:
        """What tools work on in a pane, with the labels as they stand."""
        if self.painting.open:
            return self.painting.canvas(number)
        return None if self.review is None or number > 1 else self.review.canvas(self.order[number])

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        """Use a tool in a pane; None, and `failed` says why, where the act could not be kept.

        Raises
        ------
        EditDoesNotApply
            The tool has nothing to do there.
        """
        review, timepoint = self._active_review, self.order[min(number, 1)]
        if review is None or number > 1:
            return None
        change: LabelChange | None = self.keep("The act was not kept", lambda: review.act(timepoint, kind, payload))
        return change

    def undo(self) -> None:
        """Take back the last act, in whichever pane it was."""
        if self._active_review is not None:
            self.keep("Nothing was undone", self._active_review.undo)

    def redo(self) -> None:
        """Bring back what was taken back last."""
        if self._active_review is not None:
            self.keep("Nothing was redone", self._active_review.redo)

    @property
    def _active_review(self) -> OpacityReview | RegionReview | None:
        return self.painting.review if self.painting.open else self.review

    def keep(self, what: str, act: Callable[[], Any]) -> Any:
        """Do what is put down as a record; None, and `failed` says why, where it could not be."""
        if self.signing:
            self.failed.emit(f"{what}: the reading is being signed.")
            return None
        try:
            return act()
        except EditDoesNotApply:
            raise
        except (OSError, CtreviewError) as error:
            self.failed.emit(f"{what}: {in_words(error)}")
            return None

    # --- what findings are marked with

    def findings(self) -> tuple[Finding, ...]:
        """What the reader marked."""
        return self.workspace.findings

    def keep_findings(self, findings: Sequence[Finding]) -> None:
        """Replace what the reader marked; it is on the disk when this returns.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        OSError
            It could not be written.
        """
        self.workspace.keep_findings(findings)
        self.state_changed.emit()

    def key_images(self) -> tuple[KeyImage, ...]:
        """What the reader wants to be found again."""
        return self.workspace.key_images

    def keep_key_images(self, images: Sequence[KeyImage], pictures: Mapping[str, bytes]) -> None:
        """Replace the key images, as `keep_findings` does findings; pictures are of those that are new."""
        self.workspace.keep_key_images(images, pictures)
        self.state_changed.emit()
