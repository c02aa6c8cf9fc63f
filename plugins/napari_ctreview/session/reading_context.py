"""What parts of the window may ask of the open reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ctreview.change import Comparison
    from ctreview.recipes.chest_ct import ChestCtSettings, Prepared
    from ctreview.recipes.chest_ct.corrections import Edits
    from ctreview.review.corrections import OpacityReview
    from ctreview.review.workspace import Workspace
    from napari_ctreview.session.reading_display import ReadingDisplay
    from napari_ctreview.session.region_painting import RegionPainting
    from napari_ctreview.session.scan_loader import ScanLoader
    from napari_ctreview.session.steps import Step
    from napari_ctreview.worker import Worker

__all__ = ["ReadingContext"]


class ReadingContext(Protocol):
    """What is read, by whom, how far it is, and where that is told.

    Attributes
    ----------
    workspace, loading, display, worker, painting
        Where acts are put down, where scans come from, what shows them, what runs, where regions of MRI are drawn.
    settings, age_years
        What the steps are given.
    prepared, review
        What the computer found and what is corrected; None before that.
    signing : bool
        While it is set no act is taken.
    images : tuple of str or None
        Digests of the scans that are read, by timepoint.
    failed, state_changed, prepared_changed, replaced : Signal
    """

    workspace: Workspace
    loader: ScanLoader
    display: ReadingDisplay
    worker: Worker
    painting: RegionPainting
    settings: ChestCtSettings
    age_years: float | None
    prepared: Prepared | None
    review: OpacityReview | None
    signing: bool
    images: tuple[str | None, ...]
    failed: Any
    state_changed: Any
    prepared_changed: Any
    replaced: Any

    @property
    def up_to_date(self) -> Comparison | None:
        """The comparison, where it holds every correction made so far."""

    @property
    def order(self) -> tuple[int, int]:
        """Which timepoint each pane shows."""

    @property
    def begun(self) -> bool:
        """Whether there is something that may be saved."""

    @property
    def blinded(self) -> bool:
        """Whether dates, order and fate are hidden from the reader."""

    @property
    def signed(self) -> bool:
        """Whether the reading is closed."""

    def keep(self, what: str, act: Callable[[], Any]) -> Any:
        """Do what is put down as a record; None, and `failed` says why, where it could not be."""

    def run(self) -> None:
        """Find what is in both scans, and compare."""

    def restart_reading(self) -> None:
        """Go on with another reading of the same scans."""

    def leave(self) -> str:
        """Close what is read; gives what of the reader's work does not go on, in words."""

    def has(self, comparison: Comparison, edits: Edits) -> None:
        """Show what changed between the scans with these edits."""

    def tell(self, name: str, step: Step) -> None:
        """Let a step stand otherwise."""
