"""The linked views of baseline and follow-up, and of what became of the opacity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from qtpy.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication, QSplitter, QWidget

from ctreview.volume.contrasts import Examination
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume
from napari_ctreview.napari_adapter import (
    give_canvas_back,
    narrow_slider,
    new_canvas,
    replace_canvas,
    take_canvas,
)
from napari_ctreview.viewer.cine import Cine
from napari_ctreview.viewer.corner_text import ScanTiming, dates_swapped
from napari_ctreview.viewer.correspondence import ROLES, TITLES, TimepointRole
from napari_ctreview.viewer.hanging import Hanging
from napari_ctreview.viewer.key_image_capture import KeyImageCapture, capture_key_image
from napari_ctreview.viewer.link_controller import LinkController
from napari_ctreview.viewer.mouse_gestures import CursorPosition, MouseGestures, voxel_at
from napari_ctreview.viewer.pane import OVERLAYS, Pane, SliceMeasurement
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.readout import ReadoutSource
from napari_ctreview.viewer.rulers import Rulers
from napari_ctreview.viewer.slabs import Slab, next_kind, next_thickness
from napari_ctreview.viewer.timepoint_blend import TimepointBlend

__all__ = ["CursorPosition", "Pane", "Panes", "SliceMeasurement"]


class MouseGrabber(Protocol):
    """A tool that may hold the left mouse button."""

    def deactivate(self) -> None:
        """Give it back, and forget what was begun."""


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
    moved, pressed, dragged, released, clicked : Signal(Place)
        What the mouse does over a pane, and where in the patient that is.
    wheeled : Signal(Place, int)
        The wheel with Shift or Alt held: up is positive.
    left : Signal()
        The mouse left the panes.
    turned : Signal(object)
        Another `Plane` is shown.
    key_image_taken : Signal(object)
        A `KeyImageCapture`.
    contrast_changed : Signal()
        Another contrast of an MR examination is shown.
    outline_toggled : Signal()
        The reader wants the outline of the organ, or wants it no more (`outline_wanted`).
    link : LinkController
        Which places of them belong together.
    opener : callable or None
        ``opener(pane, paths)`` is asked first where files or folders are dropped on a pane; where it gives False,
        napari opens them itself.
    """

    moved = Signal(object)
    pressed = Signal(object)
    dragged = Signal(object)
    released = Signal(object)
    clicked = Signal(object)
    wheeled = Signal(object, int)
    left = Signal()
    turned = Signal(object)
    key_image_taken = Signal(object)
    contrast_changed = Signal()
    outline_toggled = Signal()

    def __init__(self, viewer: Any, count: int = 2) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.viewer = viewer
        own = take_canvas(viewer)
        columns = [self._column(own)]
        self.panes = [Pane(viewer, own)]
        for _ in range(count - 1):
            model, canvas = new_canvas()
            columns.append(self._column(canvas))
            self.panes.append(Pane(model, canvas))
        for pane in self.panes:
            narrow_slider(pane.canvas)
        replace_canvas(viewer, self)
        self.show()
        # a canvas that is moved to another parent makes its drawing context anew when it is shown; layers that are
        # added before that fail
        QApplication.processEvents()
        self.setSizes([1000] * count)
        self.link = LinkController(self.panes)
        self.under_cursor: Pane | None = None
        self._mouse: CursorPosition | None = None
        self.blinded = self.identified = self.outline_wanted = False
        self.opener: Callable[[int, list[str]], bool] | None = None
        self.examinations: tuple[Examination, ...] = ()
        self._contrast = ""
        self._timings: list[ScanTiming] = []
        self._warnings: tuple[str, ...] = ()
        self._mouse_grabber: MouseGrabber | None = None
        self._gestures = [
            MouseGestures(number, pane, self._tell, lambda: self._mouse_grabber is not None)
            for number, pane in enumerate(self.panes)
        ]
        for pane in self.panes:
            pane.canvas.installEventFilter(self)
            pane.surface.installEventFilter(self)
        self.hanging = Hanging(self, self.panes, columns, self.link)
        self.blend = TimepointBlend(self.panes, self.link)
        self._pointed: tuple[int, FloatArray | None] | None = None
        self._mouse_held = False
        self._follow = QTimer(self, singleShot=True, interval=0)
        self._follow.timeout.connect(self._read_again)
        for pane in self.panes:
            camera, dims = pane.model.scene.camera.events, pane.model.dims.events
            for event in (dims.point, dims.order, camera.center, camera.zoom):
                event.connect(self._view_moved)
        self.rulers = Rulers(self, self)
        self.cine = Cine(self.step, parent=self)

    def _column(self, canvas: QWidget) -> QSplitter:
        """Where a pane stands; its further planes come below it."""
        column = QSplitter(Qt.Orientation.Vertical)
        column.addWidget(canvas)
        self.addWidget(column)
        return column

    # --- what is shown

    def show_timepoints(
        self,
        baseline: Volume,
        followup: Volume,
        *,
        transform: Transform | None = None,
        names: tuple[str, str] = TITLES,
        identify: bool = False,
    ) -> None:
        """Show two scans of one patient, the earlier at its customary left, and link them by anatomy.

        Parameters
        ----------
        baseline, followup : Volume
            The two scans.
        transform : Transform, optional
            A registration from baseline to follow-up. Without one the frame of reference links the scans where they
            share it, else their middles do; the corner says which.
        names : tuple of str
            What the image layers are called.
        identify : bool
            Whether dates stand in the corners; else days since baseline.
        """
        with self._measurements_kept():
            self._show_timepoints(baseline, followup, names, identify=identify)
        self.link.register(transform)
        self._hang(baseline)
        self.reset_view()

    def _hang(self, volume: Volume) -> None:
        """Hang scans as the reader has those of their modality."""
        self.hanging.recall(volume.acquisition.modality or ("CT" if volume.unit == "HU" else "MR"))

    def _show_timepoints(self, baseline: Volume, followup: Volume, names: tuple[str, str], *, identify: bool) -> None:
        scans = [(baseline, TITLES[0]), (followup, TITLES[1]), (baseline, "fate")]
        roles: tuple[TimepointRole, TimepointRole, TimepointRole] = (*ROLES, ROLES[0])
        self.link.unlink()
        self._pointed = None
        self.examinations, self._contrast = (), ""
        self._timings, self.identified = [], identify
        swapped = dates_swapped(baseline.acquisition, followup.acquisition)
        self._warnings = (swapped,) if swapped else ()
        self.blinded = False
        layer_names = (*names, f"{names[0]}: fate")
        for pane, (scan, title), role, name in zip(self.panes, scans, roles, layer_names, strict=False):
            timing = ScanTiming.of(title, scan.acquisition, baseline.acquisition, identify=identify)
            self._timings.append(timing)
            pane.role = role
            self.hanging.use(self.panes.index(pane), True)
            pane.show_volume(scan, name=name, timing=timing)
            pane.annotations.set_texts(warnings=self._warnings)

    def show_volumes(
        self, volumes: Sequence[Volume], names: Sequence[str], roles: Sequence[TimepointRole] = ROLES
    ) -> None:
        """Show an image in each pane, each on its own; roles say which timepoint each is of."""
        with self._measurements_kept():
            self._show_volumes(volumes, names, roles)
        self._hang(volumes[0])
        QApplication.processEvents()  # the canvases get the place of those that are hidden now
        self.reset_view()

    def _show_volumes(self, volumes: Sequence[Volume], names: Sequence[str], roles: Sequence[TimepointRole]) -> None:
        self.link.unlink()
        self._pointed = None
        self.examinations, self._contrast = (), ""
        self._warnings = ()
        self._timings, self.identified = [ScanTiming(name) for name in names], False
        for number in range(len(self.panes)):
            self.hanging.use(number, number < len(volumes))
        for pane in self.panes[len(volumes) :]:
            pane.clear()
        for pane, volume, role, timing in zip(self.panes, volumes, roles, self._timings, strict=False):
            pane.role = role
            pane.show_volume(volume, name=timing.title, timing=timing)

    def show_examinations(
        self, *examinations: Examination, roles: Sequence[TimepointRole] = ROLES, identify: bool = False
    ) -> None:
        """Show muscle MRI: one examination in each pane, all with their first contrast.

        Two panes are linked by the middles of their scans until `LinkController.register` says better.
        """
        first = [one.contrasts[0] for one in examinations]
        titles = [TITLES[ROLES.index(role)] for role in roles[: len(first)]]
        self.show_volumes([one.volume for one in first], titles, roles)
        days = {role: one.volume.acquisition for role, one in zip(roles, first, strict=False)}
        for number, (pane, one) in enumerate(zip(self.panes, first, strict=False)):
            scan = one.volume.acquisition
            self._timings[number] = ScanTiming.of(titles[number], scan, days.get("baseline"), identify=identify)
            pane.describe(self._timings[number], contrast=one.name)
        self.examinations = examinations
        self._contrast = first[0].name
        if len(self._full) > 1:
            self.link.register(None)
        QApplication.processEvents()  # the canvases that have just come get their sizes
        self.reset_view()

    def contrast(self, name: str) -> None:
        """Show another contrast of the same examinations at the same place; a pane without it keeps its own."""
        with self.link.paused():
            for number, (pane, examination) in enumerate(zip(self._full, self.examinations, strict=False)):
                if name in [one.name for one in examination.contrasts]:
                    title = ScanTiming("ABC"[number]) if self.blinded else self._timings[number]
                    pane.replace_image(examination[name].volume, name=f"{title.title}: {name}")
                    pane.describe(title, blinded=self.blinded, contrast=name)
        self._contrast = name
        self.contrast_changed.emit()

    def next_contrast(self) -> None:
        """The next contrast of the first examination."""
        if self.examinations:
            self.contrast(self.examinations[0].after(self._contrast).name)

    @property
    def measurements(self) -> int:
        """How many measurements there are in all panes."""
        return sum(len(pane.marks) for pane in self.panes)

    @contextmanager
    def _measurements_kept(self) -> Iterator[None]:
        """Within this block other images are shown: measurements go with theirs, to whichever pane shows it then."""
        before: dict[str, list[SliceMeasurement]] = {}
        for pane in self._full:
            if pane.marks:
                before.setdefault(self._image_of(pane), []).extend(pane.marks)
        yield
        if before:
            for pane in self._full:
                pane.marks = before.pop(self._image_of(pane), [])

    def _image_of(self, pane: Pane) -> str:
        """The digest of what a pane shows; of an examination that of its first contrast."""
        assert pane.volume is not None
        for one in self.examinations:
            if any(contrast.volume is pane.volume for contrast in one.contrasts):
                return one.contrasts[0].volume.digest
        return pane.volume.digest

    def show_labels(self, number: int, labels: LabelMap, *, name: str, array: Any = None) -> Any:
        """Show a label map in a pane; gives napari's layer. See `Pane.show_labels`."""
        return self.panes[number].show_labels(labels, name=name, array=array)

    def set_readout_source(self, number: int, known: ReadoutSource) -> None:
        """Tell the crosshair of a pane what it can read out."""
        self.panes[number].known = known

    def blind(self, blinded: bool) -> None:
        """Hide or reveal days, dates, all that headers say, their order, and what the crosshair knows of fate.

        Which scan comes first is hidden only from who does not know how they were given: shuffle them before.
        """
        self.blinded = blinded
        for number, (pane, timing) in enumerate(zip(self.panes, self._timings, strict=False)):
            if pane.volume is None:
                continue
            hidden = ScanTiming("ABC"[number])
            pane.describe(hidden if blinded else timing, blinded=blinded, contrast=self._contrast)
            pane.image.name = hidden.title if blinded else pane.name
            pane.annotations.set_texts(warnings=() if blinded else self._warnings)
            pane.annotations.set_corner(bottom_left=())

    def identify(self, identified: bool) -> None:
        """Write the patient's name and the date over each scan, or take them away; a blinded reader gets neither."""
        self.identified = identified
        for number, (pane, timing) in enumerate(zip(self.panes, self._timings, strict=False)):
            if pane.volume is not None:
                self._timings[number] = timing.identified(pane.volume.acquisition if identified else None)
        self.blind(self.blinded)

    # --- how it is shown

    @property
    def plane(self) -> Plane:
        """The plane on screen."""
        return self.panes[0].plane

    def set_plane(self, plane: Plane) -> None:
        """Show a plane in every pane, through the place under the mouse where that is over one."""
        here = self._mouse
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
        pane = self.under_cursor or self.panes[0]
        return pane.volume is not None and pane.step(slices)

    def go_to(self, lps: FloatArray, *, pane: int = 0) -> None:
        """Show a place of one pane, and what corresponds to it in the others; it is read out until the mouse moves."""
        if self._pointed is None or self._pointed[1] is None:
            self._pointed = (pane, None)
        self.panes[pane].go_to(lps)
        self.hanging.go_to(pane, lps)
        self._follow.start()

    def reset_view(self) -> None:
        """Show whole slices at one zoom."""
        for pane in self._full:
            pane.model.reset_view()
        if self.link.on:
            smallest = min(pane.model.scene.camera.zoom for pane in self._full)
            self.panes[0].model.scene.camera.zoom = smallest
            self.link.follow()
        self.hanging.reset_view()

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
        pane = self.under_cursor if self.under_cursor in self._full else next(iter(self._full), None)
        if pane is None:
            return None
        identified = self.identified
        if identified:
            self.identify(False)  # a picture on the report page names nobody
        taken = capture_key_image(self, pane, self._contrast)
        if identified:
            self.identify(True)
        self.key_image_taken.emit(taken)
        return taken

    # --- the mouse

    def grab_mouse(self, tool: MouseGrabber) -> None:
        """Give the left button to a tool, until it lets go; whichever tool had it before loses it."""
        self._mouse_grabber = tool
        self._set_panning(False)

    def release_mouse(self, tool: object) -> None:
        """A tool gives the left button back; nothing happens if it does not hold it."""
        if self._mouse_grabber is tool:
            self._mouse_grabber = None
            self._set_panning(True)

    def deactivate(self) -> None:
        """Leave whatever tool holds the left button."""
        if self._mouse_grabber is not None:
            self._mouse_grabber.deactivate()

    @property
    def mouse_grabber(self) -> MouseGrabber | None:
        """The tool that the left button belongs to."""
        return self._mouse_grabber

    def _set_panning(self, on: bool) -> None:
        for pane in self.panes:
            pane.surface.setCursor(Qt.CursorShape.ArrowCursor if on else Qt.CursorShape.CrossCursor)

    def _tell(self, what: str, cursor: CursorPosition, steps: int) -> None:
        pane = self.under_cursor = self.panes[cursor.pane]
        self._mouse_held = what in ("pressed", "dragged")
        self._pointed = (cursor.pane, pane.pixels_of(cursor.lps)[0])
        self._mouse = cursor
        if what in ("moved", "dragged"):
            self.hover(cursor.pane, cursor.lps)
        self.hanging.follow_mouse(what, cursor, free=self._mouse_grabber is None)
        if what == "doubled":
            if self._mouse_grabber is None:
                self.hanging.maximise(cursor.pane)
        elif what == "wheeled":
            self.wheeled.emit(cursor, steps)
        else:
            getattr(self, what).emit(cursor)

    def hover(self, here: int, lps: FloatArray) -> None:
        """Write what lies at a place of a pane, and at the linked ones."""
        places = {here: lps, **self.link.show_linked_cursor(self.panes[here], lps)}
        for number, pane in enumerate(self.panes):
            if pane.volume is None:
                continue
            found = pane.read(places[number]) if number in places else None
            if found is not None and self.blinded:
                found = replace(found, fate="")
            pane.annotations.set_corner(bottom_left=() if found is None else found.lines)

    def _view_moved(self, _event: Any = None) -> None:
        """Another slice, plane or place is shown: what lies under the cursor is read anew once all panes are there."""
        if self._pointed is not None:
            self._follow.start()

    def _read_again(self) -> None:
        """Read what lies under a mouse that has not moved, or in the middle of the place that was gone to."""
        if self._pointed is None:
            return
        number, pixels = self._pointed
        pane = self.panes[number]
        if pane.volume is None or pane.guard.disturbed:
            return
        lps = pane.centre if pixels is None else pane.place_at(pixels)
        cursor = CursorPosition(number, lps, voxel_at(pane.geometry, lps))
        self.hover(number, lps)
        if pixels is not None and not self._mouse_held:
            self._mouse = cursor
            self.hanging.follow_mouse("moved", cursor, free=self._mouse_grabber is None)
            self.moved.emit(cursor)

    def _left(self) -> None:
        self._mouse = None
        self.hanging.leave()
        self._pointed = None
        for pane in self._full:
            pane.annotations.set_corner(bottom_left=())
            pane.annotations.show_linked_cursor(None)
        self.left.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice the mouse that leaves, what is dropped, and napari closing."""
        kind = event.type()
        if kind == QEvent.Type.Leave:
            self._left()
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
        self._follow.stop()
        self._pointed = None
        self.link.detach()
        self.hanging.stop()
        for gestures in self._gestures:
            gestures.detach()
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
