"""Pick: the piece under the cursor is shown, a click takes or removes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from qtpy.QtCore import QTimer

from ctreview.edits import Patch, Session
from napari_ctreview.correcting.sketch import Sketch, Tint, colours
from napari_ctreview.correcting.tool import ERASING, Tool, What
from napari_ctreview.pointer import Place

__all__ = ["Pick"]

_STILL_MS = 60
"""The mouse must rest so long before the piece under it is looked for."""


@dataclass(frozen=True, eq=False)
class _Asked:
    """An act of the pick at one voxel."""

    pane: int
    kind: str
    payload: dict[str, Any]


class Pick(Tool):
    """Takes the connected piece of like density under the cursor, or removes the piece of a label."""

    name = "pick"
    title = "Pick"
    hint = "Click takes the piece shown; Ctrl or Alt with a click removes one. Shift+wheel grows or shrinks it."
    settings_of = "pick"

    def __init__(self, hand: Any) -> None:
        super().__init__(hand)
        self.steps = 0
        self._place: Place | None = None
        self._asked: _Asked | None = None
        self._shown: tuple[int, Tint] | None = None
        self._rest = QTimer(hand, singleShot=True, interval=_STILL_MS)
        self._rest.timeout.connect(self._look)

    def moved(self, place: Place) -> None:
        """Look for the piece where the mouse comes to rest."""
        if self._place is None or place.pane != self._place.pane or place.voxel != self._place.voxel:
            self._hide()
            self._rest.start()
        elif bool(place.modifiers & ERASING) != bool(self._place.modifiers & ERASING):
            self._rest.start()
        self._place = place

    def wheeled(self, place: Place, steps: int) -> None:
        """Widen or narrow the gate."""
        # Alt alone would ask for the piece to be removed, which has no gate
        self.steps += steps
        self._place = Place(place.pane, place.lps, place.voxel)
        steps = f"{self.steps:+d}".replace("-", "−")
        whole = self.hand.settings["pick"].takes == "piece"
        what, unchanged = ("Gate", "as learned") if whole else ("Size", "as set")
        self.hand.said.emit(f"{what} of the pick: {steps if self.steps else unchanged}")
        self._look()

    def clicked(self, place: Place) -> None:
        """Take the piece, or remove it."""
        asked = self._act_at(place)
        self._hide()
        if asked is None:
            self.hand.said.emit("The place clicked lies outside the scan.")
        elif self.hand.act(asked.pane, asked.kind, asked.payload) is not None:
            self.steps = 0

    def changed(self, what: What) -> None:
        """Look anew."""
        del what
        self._hide()
        if self._place is not None:
            self._rest.start()

    def left(self) -> None:
        """Show nothing."""
        self._place = None
        self._rest.stop()
        self._hide()

    def drop(self) -> None:
        """Show nothing, and learn the gate anew."""
        self.left()
        self.steps = 0

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The piece that a click would change."""
        return (self._shown[1],) if self._shown is not None and self._shown[0] == number else ()

    def _act_at(self, place: Place) -> _Asked | None:
        if place.voxel is None:
            return None
        label = self.label_for(place)
        # the voxel's centre, so that what was foreseen while the mouse rested is what the click does
        point = [float(v) for v in self.hand.panes.panes[place.pane].geometry.to_lps(place.voxel)]
        if label is None:
            return _Asked(place.pane, "remove_piece", {"point": point})
        settings = asdict(self.hand.settings["pick"])
        return _Asked(
            place.pane, "take_piece", {"point": point, "label": label, "steps": self.steps, "settings": settings}
        )

    def _look(self) -> None:
        """Find the piece in the background, and show it if the mouse is still there."""
        session = None if self._place is None else self.hand.bench.session(self._place.pane)
        self._asked = None if self._place is None else self._act_at(self._place)
        if session is None or self._asked is None:
            return
        asked = self._asked

        def show(found: Tint | None) -> None:
            if asked is self._asked and found is not None:
                self._shown = (asked.pane, found)
                self.hand.redraw()

        colour = self.hand.colour(asked.payload.get("label"))
        self.hand.think("look", lambda: _difference(session, asked, colour), show, quiet=True)

    def _hide(self) -> None:
        self._asked = None
        if self._shown is not None:
            self._shown = None
            self.hand.redraw()


def _difference(session: Session, asked: _Asked, colour: str) -> Tint | None:
    """The voxels that an act would change, faintly."""
    patch: Patch = session.preview(asked.kind, asked.payload)
    changed = patch.labels != session.array[patch.box]
    if not changed.any():
        return None
    return Tint(patch.start, changed.astype(np.uint8), colours({1: colour}, 0.25), {1: colour}, session.base.geometry)
