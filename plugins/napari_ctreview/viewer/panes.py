"""The linked views of baseline and follow-up, and of what became of the opacity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint, Qt, Signal
from qtpy.QtWidgets import QApplication, QSplitter, QWidget

from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from napari_ctreview.napari_adapter import (
    freeze_what_is_loaded,
    give_canvas_back,
    new_canvas,
    replace_canvas,
    take_canvas,
)
from napari_ctreview.viewer.cine import Cine
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.viewer.hanging import Hanging
from napari_ctreview.viewer.key_image_capture import KeyImageCapture, capture_key_image
from napari_ctreview.viewer.link_controller import LinkController
from napari_ctreview.viewer.lobe_lines import LobeLines
from napari_ctreview.viewer.pane import OVERLAYS, Pane
from napari_ctreview.viewer.pane_mouse import PaneMouse
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.readout import ReadoutSource
from napari_ctreview.viewer.rulers import Rulers
from napari_ctreview.viewer.shown_scans import ShownScans
from napari_ctreview.viewer.slabs import Slab, next_kind, next_thickness
from napari_ctreview.viewer.timepoint_blend import TimepointBlend

__all__ = ["Panes"]


class Panes(QSplitter):
    """napari's own canvas and the further ones beside it.

    Pane 0 shows the baseline, pane 1 the follow-up, and pane 2, where there is one, the baseline again for the map of
    fate.

    Parameters
    ----------
    viewer : napari.Viewer
        Its canvas becomes the first pane.
    count : int
        How many panes there are: 1 to 3.

    Attributes
    ----------
    turned : Signal(object)
        Another `Plane` is shown.
    key_image_taken : Signal(object)
        A `KeyImageCapture`.
    outline_toggled : Signal()
        The reader wants the outline of the organ, or wants it no more (`outline_wanted`).
    link : LinkController
        Which places of them belong together.
    lobe_lines : LobeLines
        The borders of lobes over the slices.
    mouse : PaneMouse
        What it does over them, and whose its left button is.
    scans : ShownScans
        Which scans they show.
    hanging : Hanging
        How these hang.
    opener : callable or None
        ``opener(pane, paths)`` is asked first where files or folders are dropped on a pane; where it gives False,
        napari opens them itself.
    """

    turned = Signal(object)
    key_image_taken = Signal(object)
    outline_toggled = Signal()

    def __init__(self, viewer: Any, count: int = 2) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.viewer = viewer
        freeze_what_is_loaded()
        own = take_canvas(viewer)
        columns = [self._column(own)]
        self.panes = [Pane(viewer, own)]
        for _ in range(count - 1):
            model, canvas = new_canvas()
            columns.append(self._column(canvas))
            self.panes.append(Pane(model, canvas))
        replace_canvas(viewer, self)
        self.show()
        # a canvas that is moved to another parent makes its drawing context anew when it is shown; layers that are
        # added before that fail
        QApplication.processEvents()
        self.setSizes([1000] * count)
        for pane, title in zip(self.panes, TITLES, strict=False):
            pane.annotations.invitation = f"Drop the {title} here:\na folder, a ZIP, a file, or a study"
        self.outline_wanted = False
        self.opener: Callable[[int, list[str]], bool] | None = None
        self.link = LinkController(self.panes)
        self.mouse = PaneMouse(self.panes, self.link, self)
        self.hanging = Hanging(self.panes, columns, self.link, self.mouse, self.set_plane)
        self.blend = TimepointBlend(self.panes, self.link)
        self.lobe_lines = LobeLines(self.panes)
        self.scans = ShownScans(self.panes, self.link, self.hanging, self.mouse, self.blend, self)
        for pane in self.panes:
            pane.canvas.installEventFilter(self)
            pane.surface.installEventFilter(self)
        self.rulers = Rulers(self.mouse, self)
        self.cine = Cine(self.step, parent=self)

    def _column(self, canvas: QWidget) -> QSplitter:
        """Where a pane stands; its further planes come below it."""
        column = QSplitter(Qt.Orientation.Vertical)
        column.addWidget(canvas)
        self.addWidget(column)
        return column

    # --- what is shown

    def show_labels(self, number: int, labels: LabelMap, *, name: str, array: Any = None) -> Any:
        """Show a label map in a pane; gives napari's layer. See `Pane.show_labels`."""
        return self.panes[number].show_labels(labels, name=name, array=array)

    def set_readout_source(self, number: int, known: ReadoutSource) -> None:
        """Tell the crosshair of a pane what it can read out."""
        self.panes[number].known = known

    # --- how it is shown

    @property
    def plane(self) -> Plane:
        """The plane on screen."""
        return self.panes[0].plane

    def set_plane(self, plane: Plane) -> None:
        """Show a plane in every pane, through the place under the mouse where that is over one."""
        here = self.mouse.cursor
        if here is not None and self.panes[here.pane].volume is not None:
            self.go_to(here.lps, pane=here.pane)
        self.link.set_plane(plane)
        if here is not None:
            self._full[0].centre_whole()
        self.turned.emit(plane)

    def set_window(self, name: str) -> None:
        """Set a window preset in every pane that has one of that name."""
        for pane in self._full:
            if name in pane.windows:
                pane.set_window(pane.windows[name])

    @property
    def windows(self) -> tuple[str, ...]:
        """Names of the presets for what is shown."""
        return tuple(self.panes[0].windows)

    def set_slab(self, slab: Slab) -> None:
        """Show slabs, or thin slices, in every pane."""
        for pane in self._full:
            pane.set_slab(slab)

    def next_slab(self) -> None:
        """Thin, MIP, MinIP, average, thin again."""
        self.set_slab(next_kind(self.panes[0].slab))

    def thicken(self, steps: int) -> None:
        """Thicker (1) or thinner (-1) slabs."""
        self.set_slab(next_thickness(self.panes[0].slab, steps))

    def set_overlay(self, overlay: str) -> None:
        """Show label maps filled, outlined, or hidden."""
        for pane in self.panes:
            pane.set_overlay(overlay)

    def next_overlay(self) -> None:
        """Filled, outlined, hidden, filled again."""
        self.set_overlay(OVERLAYS[(OVERLAYS.index(self.panes[0].overlay) + 1) % len(OVERLAYS)])

    def toggle_outline(self) -> None:
        """Show the outline of the organ, or hide it."""
        self.outline_wanted = not self.outline_wanted
        self.outline_toggled.emit()

    def step(self, slices: int) -> bool:
        """Go some slices on in the pane under the cursor, and wherever it is linked to."""
        pane = self.mouse.under_cursor or self.panes[0]
        return pane.volume is not None and pane.step(slices)

    def go_to(self, lps: FloatArray, *, pane: int = 0) -> None:
        """Show a place of one pane, and what corresponds to it in the others; it is read out until the mouse moves."""
        self.panes[pane].go_to(lps)
        self.hanging.go_to(pane, lps)
        self.mouse.read_middle(pane)

    def pane_at(self, place: QPoint) -> int | None:
        """The number of the pane at a place of the screen; None where there is none."""
        for number, pane in enumerate(self.panes):
            canvas = pane.canvas
            if canvas.isVisible() and canvas.rect().contains(canvas.mapFromGlobal(place)):
                return number
        return None

    @property
    def _full(self) -> list[Pane]:
        return [pane for pane in self.panes if pane.volume is not None]

    # --- pictures

    def take_key_image(self) -> KeyImageCapture | None:
        """A picture of the panes with everything that is written over them, of the slice under the cursor.

        It is told by signal too; None where nothing is shown.
        """
        here = self.mouse.under_cursor
        pane = here if here in self._full else next(iter(self._full), None)
        if pane is None:
            return None
        with self.scans.unidentified():  # a picture on the report page names nobody
            taken = capture_key_image(self, pane, self.scans.contrast_name)
        self.key_image_taken.emit(taken)
        return taken

    # --- events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice the mouse that leaves, what is dropped, and napari closing."""
        kind = event.type()
        if kind == QEvent.Type.Leave:
            self.mouse.leave()
        elif kind == QEvent.Type.Close and watched is self.panes[0].canvas:
            self.stop()
        elif kind == QEvent.Type.Drop:
            return self._take_drop(watched, event)
        return False

    def _take_drop(self, watched: QObject, event: Any) -> bool:
        """Offer what was dropped to the opener; napari opens what that does not take."""
        number = next((n for n, pane in enumerate(self.panes) if watched is pane.canvas), None)
        if number is None or self.opener is None:
            return False
        paths = [str(Path(url.toLocalFile())) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths or not self.opener(number, paths):
            return False
        event.acceptProposedAction()
        return True

    # --- the end

    def stop(self) -> None:
        """Stop what runs and detach from napari's models, which outlive the window.

        Our canvases go with napari's window. To close them within its closing, or to have anything painted on them
        then, ends the process.
        """
        self.cine.stop()
        self.mouse.stop()
        self.link.detach()
        self.hanging.stop()
        for pane in self.panes:
            pane.stop()

    def give_back(self) -> None:
        """Put napari's canvas back where it was and close the others."""
        self.stop()
        give_canvas_back(self.viewer, self)
        for pane in self.panes[1:]:
            pane.canvas.close()
        self.hanging.close()
        self.panes[0].annotations.deleteLater()
        self.deleteLater()
