"""How long the tools at work on the panes take from the hand to the screen, on two scans of 512 × 512 × 300.

Called by ``bench_plugin`` in a process of its own. A change is on screen when the canvas has been painted after
it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

SPACING = (1.0, 0.7, 0.7)
SHAPE = (300, 512, 512)
MIDDLE = (150, 256, 170)
MOVES = 40
REPEATS = 5


class BenchmarkLabelEditor:
    """Two sessions on the same canvas, drawn as the workplace draws them."""

    def __init__(self, panes: Any, canvases: list[Any]) -> None:
        from ctreview.edits import Session
        from ctreview.tools import handlers

        self.panes, self._canvases = panes, canvases
        self.sessions: list[Any] = []
        for number, canvas in enumerate(canvases):
            self.sessions.append(
                Session(
                    canvas.labels,
                    target="opacity",
                    image=canvas.volume.digest,
                    handlers=handlers(canvas),
                    author="bench",
                    record=lambda _edit: None,
                    listeners=[self._drawer(number)],
                )
            )
            panes.show_labels(number, canvas.labels, name="opacity", array=self.sessions[-1].array)

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> Any:
        return self.sessions[number].act(kind, payload)

    def undo(self) -> None:
        self.sessions[0].undo()

    def redo(self) -> None:
        self.sessions[0].redo()

    def canvas(self, number: int) -> Any:
        return replace(self._canvases[number], labels=self.sessions[number].labels)

    def session(self, number: int) -> Any:
        return self.sessions[number]

    def _drawer(self, number: int) -> Callable[[Any], None]:
        return lambda change: self.panes.panes[number].refresh_labels("opacity", change.after.box)


def canvases() -> list[Any]:
    """Two lungs of noise with a denser ball of 35 mm in each."""
    from ctreview.opacity.scheme import OPACITY_SCHEME
    from ctreview.tools import Canvas
    from ctreview.volume.geometry import Geometry
    from ctreview.volume.labels import Label, LabelMap, Scheme
    from ctreview.volume.volume import Volume

    random = np.random.default_rng(0)
    away = [(np.arange(n) - m).reshape([-1 if a == axis else 1 for a in range(3)]) for axis, (n, m) in _axes()]
    lung = (away[0] / 130) ** 2 + (away[1] / 190) ** 2 + ((away[2] - 20) / 100) ** 2 < 1
    ball = (away[0] * 1.0) ** 2 + (away[1] * 0.7) ** 2 + (away[2] * 0.7) ** 2 < 17.5**2
    made = []
    for number in range(2):
        grid = Geometry.aligned(SHAPE, SPACING, origin=(0, 0, 5.0 * number), frame_of_reference=f"1.2.{number}")
        array = random.integers(-60, 60, SHAPE, dtype=np.int16)
        array += np.where(ball, np.int16(-560), np.where(lung, np.int16(-860), np.int16(40)))
        within = LabelMap(lung.astype(np.uint8), grid, Scheme((Label(1, "lung", (120, 120, 120)),)))
        empty = LabelMap(np.zeros(SHAPE, np.uint8), grid, OPACITY_SCHEME)
        made.append(Canvas(Volume(array, grid), empty, within=within))
    return made


def _axes() -> list[tuple[int, tuple[int, int]]]:
    return list(enumerate(zip(SHAPE, MIDDLE, strict=True)))


def measure() -> dict[str, float]:
    """Milliseconds of each gesture; medians."""
    import napari
    from napari_ctreview.correcting import Corrector
    from napari_ctreview.viewer.panes import Panes
    from qtpy.QtWidgets import QApplication

    from tests.plugins import screen

    screen.start()
    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.resize(1400, 800)
    QApplication.processEvents()
    panes = Panes(viewer)
    scans = canvases()
    panes.scans.show_timepoints(scans[0].volume, scans[1].volume)
    editor = BenchmarkLabelEditor(panes, scans)
    corrector = Corrector(panes, editor)
    place = scans[0].geometry.to_lps(MIDDLE)
    panes.go_to(place)
    mouse = _TimedMouse(panes.panes[0])
    mouse.settle()
    found = (
        _pick(corrector, mouse, place) | _brush(corrector, mouse, place) | _scribble(corrector, mouse, place, editor)
    )
    panes.give_back()
    viewer.close()
    return found


class _TimedMouse:
    """The mouse over a pane, and a clock that stops when the pane was painted."""

    def __init__(self, pane: Any) -> None:
        self.pane, self.native = pane, pane.canvas.canvas.native
        self.processor: list[float] = []
        self.stalled = 0.0
        self._began = self._drawing = 0.0
        drawn = pane.canvas.canvas._scene_canvas.events.draw
        drawn.connect(self._draws, position="first")
        drawn.connect(self._drew, position="last")

    def _draws(self, _event: Any) -> None:
        self._began = time.perf_counter()

    def _drew(self, _event: Any) -> None:
        self._drawing += time.perf_counter() - self._began

    def turn(self) -> None:
        """Let the window see to its events; the longest it took, drawing of this pane left out, is kept."""
        from qtpy.QtWidgets import QApplication

        start, drawing = time.perf_counter(), self._drawing
        QApplication.processEvents()
        took = time.perf_counter() - start - (self._drawing - drawing)
        self.stalled = max(self.stalled, 1000 * took)

    def longest_stall(self) -> float:
        """Milliseconds, since this was asked last."""
        found, self.stalled = self.stalled, 0.0
        return found

    def settle(self) -> None:
        from qtpy.QtWidgets import QApplication

        for _ in range(6):
            QApplication.processEvents()
            time.sleep(0.003)

    def until_drawn(self, act: Callable[[], Any], ready: Callable[[], bool] = lambda: True) -> float:
        """Milliseconds from the act until what it did is ready and painted."""
        self.settle()
        start, used = time.perf_counter(), time.process_time()
        act()
        while not ready():
            self.turn()
            time.sleep(0.001)  # a window that waits leaves the interpreter to the thread that computes
            if time.perf_counter() - start > 120:
                raise TimeoutError("nothing came of it in two minutes")
        self.native.repaint()
        self.processor.append(1000 * (time.process_time() - used))
        return 1000 * (time.perf_counter() - start)

    def used(self) -> float:
        """Median processor milliseconds, over all threads, of what was waited for since this was asked last."""
        used, self.processor = self.processor, []
        return _middle(used)

    def move(self, kind: str, lps: Any) -> float:
        """Milliseconds for a move and whatever is drawn for it."""
        self.settle()
        start = time.perf_counter()
        self.event(kind, lps)
        self.native.repaint()
        return 1000 * (time.perf_counter() - start)

    def event(self, kind: str, lps: Any) -> None:
        from qtpy.QtCore import QPointF, Qt
        from qtpy.QtGui import QMouseEvent

        (x, y), _ = self.pane.pixels_of(np.asarray(lps))
        at, none, left = QPointF(float(x), float(y)), Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        event, button, held = {
            "move": (QMouseEvent.Type.MouseMove, none, none),
            "drag": (QMouseEvent.Type.MouseMove, none, left),
            "press": (QMouseEvent.Type.MouseButtonPress, left, left),
            "release": (QMouseEvent.Type.MouseButtonRelease, left, none),
        }[kind]
        from qtpy.QtWidgets import QApplication

        modifiers = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(
            self.native, QMouseEvent(event, at, QPointF(self.native.mapToGlobal(at.toPoint())), button, held, modifiers)
        )

    def click(self, lps: Any) -> None:
        self.event("press", lps)
        self.event("release", lps)


def _pick(corrector: Any, mouse: _TimedMouse, place: Any) -> dict[str, float]:
    corrector.select_tool("pick")
    taken, shown, undone = [], [], []
    corrector.act(0, "take_piece", {"point": [float(v) for v in place], "label": "ground_glass"})  # compiles
    corrector.undo()
    places = [place + np.array([1.4 * number, 0, 0]) for number in range(REPEATS)]
    for here in places:
        taken.append(mouse.until_drawn(lambda here=here: mouse.click(here)))
        assert corrector.editor.session(0).array.any()
        corrector.undo()
    used = mouse.used()
    for here in places:
        mouse.event("move", here + np.array([0, 7.0, 0]))
        mouse.event("move", here)
        end = time.monotonic() + 5
        while not corrector.tool.sketches(0) and time.monotonic() < end:
            mouse.settle()
        shown.append(mouse.until_drawn(lambda here=here: mouse.click(here)))
        mouse.used()
        undone.append(mouse.until_drawn(corrector.undo))
    return {
        "pick": _middle(taken),
        "pick, processor": used,
        "pick shown before": _middle(shown),
        "undo": _middle(undone),
        "undo, processor": mouse.used(),
    }


def _brush(corrector: Any, mouse: _TimedMouse, place: Any) -> dict[str, float]:
    """What a move costs while painting, above what it costs with nothing in the hand."""
    path = [place + np.array([0.7 * step, 0.35 * step, 0]) for step in range(MOVES)]

    def moves(kind: str) -> float:
        return _middle([mouse.move(kind, at) for at in path])

    corrector.deactivate()
    bare = moves("move")
    corrector.select_tool("brush")
    mouse.event("press", path[0])
    painting = moves("drag")
    released = mouse.until_drawn(lambda: mouse.event("release", path[-1]))
    undone = mouse.until_drawn(corrector.undo)
    corrector.deactivate()
    return {"bare move": bare, "brush move": painting, "brush release": released, "undo brush": undone}


def _scribble(corrector: Any, mouse: _TimedMouse, place: Any, editor: BenchmarkLabelEditor) -> dict[str, float]:
    """From the end of a stroke to its preview on screen, for a box of about 256 × 256 × 64, and the whole lung."""
    settings = corrector.settings["scribble"]
    # a box is as large along every axis in millimetres; this one holds as many voxels
    reach = (256 * 256 * 64 * np.prod(SPACING)) ** (1 / 3) / 2
    corrector.set("scribble", replace(settings, reach_mm=float(reach)))
    corrector.select_tool("scribble")
    took: list[float] = []
    away = {"points": [[float(v) for v in place]], "label": "ground_glass"}
    editor.session(0).preview("scribble", {"strokes": [away], "settings": {"reach_mm": 5.0}})  # compiles
    mouse.used()
    mouse.longest_stall()

    def stroke(start: Any) -> None:
        mouse.event("press", start)
        for step in range(1, 6):
            mouse.event("drag", start + np.array([step, 0, 0]))

    for number in range(REPEATS):
        begin = place + np.array([0, 2.0 * number - 4, 0])
        stroke(begin)
        before = corrector.tool._preview
        took.append(
            mouse.until_drawn(
                lambda begin=begin: mouse.event("release", begin + np.array([5.0, 0, 0])),
                lambda before=before: corrector.tool._preview not in (None, before),
            )
        )
    used = mouse.used()
    stalled = mouse.longest_stall()
    whole = mouse.until_drawn(lambda: corrector.finish(everywhere=True), lambda: bool(editor.session(0).array.any()))
    undone = mouse.until_drawn(corrector.undo)
    return {
        "scribble, first": took[0],
        "scribble": _middle(took[1:]),
        "scribble, processor": used,
        "whole lung": whole,
        "stall": stalled,
        "stall, whole lung": mouse.longest_stall(),
        "undo whole lung": undone,
    }


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
