"""A simulated mouse, and the smallest label editor that tools can work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from ctreview.edits import Edit, LabelChange, Session
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.tools import Canvas, handlers
from ctreview.volume.labels import LabelMap
from ctreview.volume.resample import unwarp_labels, warp_labels
from tests.plugins.napari_ctreview.waiting import focused

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class PhantomLabelEditor:
    """Two sessions on two phantoms, drawn as the controller would draw them; keeps its records in a list."""

    def __init__(self, panes: Any, pair: Any, *, empty: bool = True) -> None:
        self.panes = panes
        self.records: list[tuple[int, Edit]] = []
        self._canvases: list[Canvas] = []
        self._sessions: list[Session] = []
        self._order: list[int] = []
        truths = [_in_our_scheme(scan.opacity) for scan in (pair.before, pair.after)]
        carried = [warp_labels(truths[1], pair.transform), unwarp_labels(truths[0], pair.transform)]
        for number, (scan, truth) in enumerate(zip((pair.before, pair.after), truths, strict=True)):
            base = replace(truth, array=np.zeros_like(truth.array)) if empty else truth
            canvas = Canvas(scan.volume, base, within=scan.lobes, barrier=scan.vessels)
            session = Session(
                base,
                target="opacity",
                image=scan.volume.digest,
                handlers=handlers(canvas, other=carried[number]),
                author="reader",
                record=lambda edit, number=number: self.records.append((number, edit)),
                listeners=[lambda change, number=number: self._draw(number, change)],
            )
            self._canvases.append(canvas)
            self._sessions.append(session)
            panes.show_labels(number, base, name="opacity", array=session.array)

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        change = self._sessions[number].act(kind, payload)
        self._order.append(number)
        return change

    def undo(self) -> None:
        if self._order:
            self._sessions[self._order.pop()].undo()

    def redo(self) -> None:
        for number, session in enumerate(self._sessions):
            if session.redo() is not None:
                self._order.append(number)

    def canvas(self, number: int) -> Canvas | None:
        return replace(self._canvases[number], labels=self._sessions[number].labels)

    def lobe_borders(self, number: int) -> None:
        """Its lobes came without fissures, and are no lung's parts that it could change."""

    def stay_in_lobe(self, stays: bool) -> None:
        """They do: its canvas has lobes."""

    def session(self, number: int) -> Session | None:
        return self._sessions[number]

    def _draw(self, number: int, change: LabelChange) -> None:
        self.panes.panes[number].refresh_labels("opacity", change.after.box)


def _in_our_scheme(labels: LabelMap) -> LabelMap:
    array = np.zeros(labels.geometry.shape, np.uint8)
    for key in ("ground_glass", "consolidation"):
        if any(label.key == key for label in labels.scheme):
            array[labels.mask(key)] = OPACITY_SCHEME[key].value
    return LabelMap(array, labels.geometry, OPACITY_SCHEME)


def lesion_of(pair: Any) -> Any:
    """A place inside the lesion of the right upper lobe and as dense as most of it, on a voxel's centre."""
    glass, hu = pair.before.opacity, pair.before.volume.array
    there = glass.mask("ground_glass")
    index = np.argwhere(there & (np.abs(hu - np.median(hu[there])) < 30))
    return glass.geometry.to_lps(index[np.argmin(np.linalg.norm(index - np.median(index, axis=0), axis=1))])


def click(button: Any) -> None:
    """Press a button that can be pressed."""
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def press(qtbot: Any, dock: Any, key: Any, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key over the first pane."""
    canvas = dock.panes.panes[0].canvas.canvas.native
    focused(qtbot, canvas)
    qtbot.keyClick(canvas, key, modifiers)


def drop(pane: Any, *paths: Path) -> None:
    """Drop files or folders on a pane, as a file manager would."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    held = (mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    # Qt drops only where something was dragged in
    QApplication.sendEvent(pane.canvas, QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, *held))
    QApplication.sendEvent(pane.canvas, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, *held))


class SimulatedMouse:
    """Moves, clicks and drags over a pane at places in the patient."""

    def __init__(self, panes: Any, qtbot: Any) -> None:
        self.panes, self.qtbot = panes, qtbot
        self._seen: dict[int, Any] = {}

    def hover(self, number: int, lps: Any, *, modifiers: Any = NONE) -> None:
        self._move(number, self._at(number, lps), modifiers, Qt.MouseButton.NoButton)

    def click(self, number: int, lps: Any, *, modifiers: Any = NONE) -> None:
        canvas, at = self._canvas(number), self._at(number, lps)
        self._move(number, at, modifiers, Qt.MouseButton.NoButton)
        QTest.mousePress(canvas, LEFT, modifiers, at)
        QTest.mouseRelease(canvas, LEFT, modifiers, at)
        self.qtbot.wait(15)

    def drag(
        self,
        number: int,
        points: Sequence[Any],
        *,
        modifiers: Any = NONE,
        before_release: Callable[[], None] | None = None,
    ) -> None:
        canvas = self._canvas(number)
        pixels = [self._at(number, point) for point in points]
        self._move(number, pixels[0], modifiers, Qt.MouseButton.NoButton)
        QTest.mousePress(canvas, LEFT, modifiers, pixels[0])
        for pixel in pixels[1:]:
            self._move(number, pixel, modifiers, LEFT)
        if before_release is not None:
            before_release()
        QTest.mouseRelease(canvas, LEFT, modifiers, pixels[-1])
        self.qtbot.wait(15)

    def wheel(self, number: int, lps: Any, steps: int, *, modifiers: Any = SHIFT) -> None:
        canvas, at = self._canvas(number), self._at(number, lps)
        for _ in range(abs(steps)):
            event = QWheelEvent(
                QPointF(at),
                QPointF(canvas.mapToGlobal(at)),
                QPoint(0, 0),
                QPoint(0, 120 if steps > 0 else -120),
                Qt.MouseButton.NoButton,
                modifiers,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(canvas, event)
            self.qtbot.wait(10)

    def _move(self, number: int, at: QPoint, modifiers: Any, held: Any) -> None:
        canvas = self._canvas(number)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(at),
            QPointF(canvas.mapToGlobal(at)),
            Qt.MouseButton.NoButton,
            held,
            modifiers,
        )
        QApplication.sendEvent(canvas, event)
        self.qtbot.wait(15)  # vispy drops a move that comes within 10 ms of the one before

    def _canvas(self, number: int) -> Any:
        return self.panes.panes[number].canvas.canvas.native

    def _at(self, number: int, lps: Any) -> QPoint:
        # a person waits until the view that was asked for is drawn; before that the canvas knows only the one before
        model = self.panes.panes[number].model
        view = (model.scene.camera.center, model.scene.camera.zoom, model.dims.point, model.dims.order)
        if self._seen.get(number) != view:
            self.qtbot.wait(20)
            self._canvas(number).repaint()
            self._seen[number] = view
        (x, y), _ = self.panes.panes[number].pixels_of(np.asarray(lps, dtype=float))
        return QPoint(round(float(x)), round(float(y)))
