"""Which places of the panes belong together, and for how long the reader wants them kept together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ctreview.errors import WrongUse
from ctreview.volume.geometry import FloatArray
from ctreview.volume.transform import Transform
from napari_ctreview.viewer.correspondence import Correspondence, TimepointRole
from napari_ctreview.viewer.pane import Pane
from napari_ctreview.viewer.pane_synchronizer import PaneSynchronizer
from napari_ctreview.viewer.planes import Plane

__all__ = ["LinkController"]


class LinkController:
    """Links the panes that show something.

    Parameters
    ----------
    panes : sequence of Pane
        All, also those that show nothing yet.

    Attributes
    ----------
    synchronizer : PaneSynchronizer or None
    correspondence : Correspondence or None
        How places of baseline and follow-up belong together, where both are shown.
    """

    def __init__(self, panes: Sequence[Pane]) -> None:
        self._panes = panes
        self.synchronizer: PaneSynchronizer | None = None
        self.correspondence: Correspondence | None = None

    @property
    def on(self) -> bool:
        """Whether places are kept together now."""
        return self.synchronizer is not None and self.synchronizer.on

    @property
    def shows_one_scan(self) -> bool:
        """Whether all panes that show something show the same timepoint."""
        return len(self._first()) < 2

    def register(self, transform: Transform | None) -> None:
        """Link the panes by a registration, or by the best that is known without one.

        Raises
        ------
        WrongUse
            Not both timepoints are shown.
        """
        first = self._first()
        if len(first) < 2:
            raise WrongUse("two timepoints must be shown before they can be linked")
        grids = first["baseline"].geometry, first["followup"].geometry
        self._link(Correspondence.of(*grids, transform))

    def link_one_scan(self) -> None:
        """Link panes that all show the same scan."""
        self._link(Correspondence(None, np.zeros(3), "the same scan"))

    def unlink(self) -> None:
        """Let every pane go its own way for good."""
        self.detach()
        self.correspondence = None
        for pane in self._panes:
            pane.annotations.show_linked_cursor(None)
            pane.set_link_text("")

    def detach(self) -> None:
        """Answer to the panes no longer; nothing is drawn on them."""
        if self.synchronizer is not None:
            self.synchronizer.disconnect()
        self.synchronizer = None

    def toggle(self) -> None:
        """Let places go, or keep them together again.

        Without a registration the panes are linked again as the reader has put them beside each other.
        """
        if self.synchronizer is None or self.correspondence is None:
            return
        if not self.synchronizer.on:
            first = self._first()
            if len(first) < 2:
                self.link_one_scan()
                return
            self._link(self.correspondence.by_hand(first["baseline"].centre, first["followup"].centre))
            return
        self.synchronizer.on = False
        for pane in self.synchronizer.panes:
            pane.annotations.show_linked_cursor(None)
            pane.set_link_text("UNLINKED")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within this block the panes get other images of the same scans; they are linked again as they were."""
        before = self.synchronizer
        self.detach()
        yield
        if before is not None:
            self.synchronizer = PaneSynchronizer(before.panes, before.mapping)
            self.synchronizer.on = before.on

    def set_plane(self, plane: Plane) -> None:
        """Show a plane in every pane, at one place where they are linked."""
        if self.synchronizer is not None and self.synchronizer.on:
            self.synchronizer.set_plane(plane)
            return
        for pane in self._full():
            pane.set_plane(plane)

    def follow(self) -> None:
        """Bring the other panes to where the first is."""
        if self.synchronizer is not None:
            self.synchronizer.follow(0)

    def show_linked_cursor(self, here: Pane, lps: FloatArray) -> dict[int, FloatArray]:
        """Show in the other panes where a place of one of them is; gives it for each that is linked, by its number."""
        if self.synchronizer is None or not self.synchronizer.on or here not in self.synchronizer.panes:
            return {}
        linked = self.synchronizer.panes
        leader = linked.index(here)
        self.synchronizer.show_cursor(leader, lps)
        return {
            self._panes.index(pane): self.synchronizer.mapping(leader, number)(lps)
            for number, pane in enumerate(linked)
            if pane is not here
        }

    def _link(self, belong: Correspondence) -> None:
        self.detach()
        self.correspondence = belong
        panes = self._full()
        self.synchronizer = PaneSynchronizer(
            panes, lambda here, there: belong.between(panes[here].role, panes[there].role)
        )
        for pane in panes:
            pane.annotations.show_linked_cursor(None)
            pane.set_link_text(f"linked by {belong.known_by}")
        self.synchronizer.follow(0)

    def _full(self) -> list[Pane]:
        return [pane for pane in self._panes if pane.volume is not None]

    def _first(self) -> dict[TimepointRole, Pane]:
        """The first pane of each timepoint that is shown."""
        return {pane.role: pane for pane in reversed(self._full())}
