"""How the scans hang: side by side, in three planes, or one alone; remembered for each modality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QSplitter

from ctreview.volume.geometry import FloatArray
from napari_ctreview import preferences
from napari_ctreview.viewer.link_controller import LinkController
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane
from napari_ctreview.viewer.pane_mouse import PaneMouse
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.reformats import Reformats

__all__ = ["Hanging", "Layout"]

_OPENING = "opening the other planes …"


class Layout(Enum):
    """What is shown of the scans at once; the value is what it is remembered by."""

    SIDE_BY_SIDE = "side by side"
    THREE_PLANES = "three planes"
    ONE_SCAN = "three planes of one scan"


class Hanging:
    """Puts panes and their further planes into place.

    Parameters
    ----------
    panes : sequence of Pane
        All; the first two have further planes, the third is the map of fate.
    columns : sequence of QSplitter
        Where each stands.
    link : LinkController
        Carries a place of one scan to the other.
    mouse : PaneMouse
        A click shows its place in all planes, a double click lets a pane fill the window.
    turn : callable
        ``turn(plane)`` shows a plane in every pane.

    Attributes
    ----------
    layout : Layout
    alone : int or None
        The pane that fills the window.
    reformats : list of Reformats
        The further planes of each scan.
    """

    def __init__(
        self,
        panes: Sequence[Pane],
        columns: Sequence[QSplitter],
        link: LinkController,
        mouse: PaneMouse,
        turn: Callable[[Plane], None],
    ) -> None:
        self._panes, self._columns, self._link, self._mouse, self._turn = panes, columns, link, mouse, turn
        self._used = [True] * len(panes)
        self._modality = ""
        self._cursor: tuple[int, FloatArray] | None = None
        self.layout = Layout.SIDE_BY_SIDE
        self.alone: int | None = None
        self.reformats: list[Reformats] = []
        for number, (pane, column) in enumerate(zip(panes[:2], columns, strict=False)):
            holder = QSplitter(Qt.Orientation.Horizontal)
            column.addWidget(holder)
            self.reformats.append(Reformats(number, pane, holder, self._reporter(number), partial(self._moved, number)))
        mouse.moved.connect(self._follow_mouse)
        mouse.dragged.connect(self._note)
        mouse.clicked.connect(self._clicked)
        mouse.doubled.connect(self._doubled)
        mouse.left.connect(self._leave)

    # --- which layout

    def use(self, number: int, used: bool) -> None:
        """Give a pane room in the window, or none."""
        if self._used[number] != used:
            self._used[number] = used
            self._place()

    def recall(self, modality: str) -> None:
        """Hang scans of a modality as the reader had it last."""
        self._modality = modality
        known = preferences.recall(f"layout/{modality}")
        wanted = next((layout for layout in Layout if layout.value == known), Layout.SIDE_BY_SIDE)
        if wanted is not self.layout:
            self._set(wanted)

    def set_layout(self, layout: Layout) -> None:
        """Hang the scans otherwise, and so from now on all of their modality."""
        if self._modality:
            preferences.remember(f"layout/{self._modality}", layout.value)
        self._set(layout)

    def maximise(self, number: int) -> None:
        """Let a pane fill the window, or show all again."""
        self.alone = number if self.alone is None else None
        self.layout = Layout.SIDE_BY_SIDE if self.alone is not None else self.layout
        self._rearrange()

    def _set(self, layout: Layout) -> None:
        self.layout = layout
        self.alone = self._active() if layout is Layout.ONE_SCAN else None
        opening = [] if layout is Layout.SIDE_BY_SIDE else [one.main for one in self.reformats if not one.panes]
        for pane in opening:  # their canvases are made when they are first asked for, which takes a second or more
            pane.annotations.say_doing(_OPENING)
        self._rearrange()
        for pane in opening:
            pane.annotations.say_doing("")

    def _active(self) -> int:
        """The scan under the mouse."""
        here = self._mouse.under_cursor
        for number, (pane, planes) in enumerate(zip(self._panes, self.reformats, strict=False)):
            if here is pane or here in planes.panes:
                return number
        return 0

    def _rearrange(self) -> None:
        """Place everything, with as much of each image in view as before."""
        before = [_extent(pane) for pane in self._panes]
        place = self._places()
        self._place()
        QApplication.processEvents()  # the canvases get their new sizes
        visible = [number for number, pane in enumerate(self._panes) if pane.canvas.isVisible() and pane.volume]
        for number in visible if not self._link.on else visible[:1]:
            camera = self._panes[number].model.scene.camera
            camera.zoom = camera.zoom * _extent(self._panes[number]) / before[number]
        for number, planes in enumerate(self.reformats):
            if planes.shown:
                planes.mirror()
                planes.reset_view()
                if number in place:
                    planes.go_to(place[number])

    def _places(self) -> dict[int, FloatArray]:
        """Where further planes open: at the mouse, else in the middle of the screen."""
        full = {n: pane for n, pane in enumerate(self._panes[: len(self.reformats)]) if pane.volume is not None}
        if self._cursor is None or self._cursor[0] not in full:
            return {n: self.reformats[n].place if self.reformats[n].shown else pane.centre for n, pane in full.items()}
        here, lps = self._cursor
        return {n: lps if n == here else self._mapped(here, n, lps) for n in full}

    def _place(self) -> None:
        if self.alone is not None and not self._used[self.alone]:
            self.alone = None  # its scan is gone
        shown = [used and self.alone in (None, number) for number, used in enumerate(self._used)]
        planes = self.layout is not Layout.SIDE_BY_SIDE
        beside = shown.count(True) == 1
        for number, column in enumerate(self._columns):
            column.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
            column.setVisible(shown[number])
            if number < len(self.reformats):
                further = self.reformats[number]
                further.holder.setOrientation(Qt.Orientation.Vertical if beside else Qt.Orientation.Horizontal)
                if further.shown != (planes and shown[number]):
                    further.show(planes and shown[number])
                    column.setSizes([2000, 1000])
                    further.holder.setSizes([1000, 1000])

    # --- where they are

    def go_to(self, number: int, lps: FloatArray) -> None:
        """Show a place of one scan in its further planes, and in those of the other where that is linked."""
        for other, planes in enumerate(self.reformats):
            if other == number:
                planes.go_to(lps)
            elif self._link.on and planes.shown:
                planes.go_to(self._mapped(number, other, lps))

    def _note(self, cursor: CursorPosition) -> bool:
        """Remember where the mouse is, for planes that open there; False over the map of fate."""
        if cursor.pane >= len(self.reformats):
            return False
        self._cursor = (cursor.pane, cursor.lps)
        return True

    def _follow_mouse(self, cursor: CursorPosition) -> None:
        """Show in the further planes where the mouse is."""
        if self._note(cursor):
            self.reformats[cursor.pane].show_cursor(cursor.lps)

    def _clicked(self, cursor: CursorPosition) -> None:
        """Go to what was clicked, where no tool holds the left button."""
        if self._note(cursor) and self._mouse.grabber is None and cursor.button == "left":
            self.go_to(cursor.pane, cursor.lps)

    def _doubled(self, cursor: CursorPosition) -> None:
        if self._mouse.grabber is None:
            self.maximise(cursor.pane)

    def _leave(self) -> None:
        """The mouse is over no pane."""
        self._cursor = None
        for planes in self.reformats:
            planes.show_cursor(None)

    def reset_view(self) -> None:
        """Show whole slices, in all panes at one zoom where they are linked, and in the further planes."""
        full = [pane for pane in self._panes if pane.volume is not None]
        for pane in full:
            pane.model.reset_view()
        if self._link.on:
            self._panes[0].model.scene.camera.zoom = min(pane.model.scene.camera.zoom for pane in full)
            self._link.follow()
        for planes in self.reformats:
            if planes.shown:
                planes.reset_view()

    def _mapped(self, here: int, there: int, lps: FloatArray) -> FloatArray:
        belong = self._link.correspondence
        if belong is None:
            return lps
        return belong.between(self._panes[here].role, self._panes[there].role)(lps)

    def _moved(self, number: int) -> None:
        """The reader stepped through a further plane: the other scan follows."""
        planes = self.reformats[number]
        other = 1 - number
        if self._link.on and other < len(self.reformats) and self.reformats[other].shown:
            self.reformats[other].go_to(self._mapped(number, other, planes.place))

    def _reporter(self, number: int) -> Callable[[Pane, str, CursorPosition], None]:
        def report(pane: Pane, what: str, cursor: CursorPosition) -> None:
            self._mouse.under_cursor = pane
            self._cursor = (number, cursor.lps)
            if what == "moved":
                main = self._panes[number]
                main.annotations.show_linked_cursor(main.crosshair_at(cursor.lps))
                self.reformats[number].show_cursor(cursor.lps)
                self._mouse.hover(number, cursor.lps)
            elif what == "clicked" and cursor.button == "left":
                self._panes[number].show_slice(cursor.lps)
                self.go_to(number, cursor.lps)
            elif what == "doubled":
                self._turn(pane.plane)
                self.maximise(number)

        return report

    def stop(self) -> None:
        """Detach from models that outlive the window."""
        for planes in self.reformats:
            planes.stop()

    def close(self) -> None:
        """Close the further canvases, where the window stays."""
        for planes in self.reformats:
            planes.close()


def _extent(pane: Pane) -> float:
    """By how much an image grows with its canvas."""
    return float(max(min(pane.surface.width(), pane.surface.height()), 1))
