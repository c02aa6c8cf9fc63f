"""Take the pictures of `docs/guide.md` from the real window: ``python -m docs.guide_pictures``.

A reading of the phantom child from its first step to the signature, by the mouse and the buttons. Needs what
``make test`` needs; without a screen it starts Xvfb.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.plugins import screen
from tests.system_packages import without_screen

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGES = REPOSITORY / "docs" / "images"
WINDOW = (1560, 940)
LARGEST_KB = 250


class Events:
    """Lets Qt work while a script waits, under the names that pytest-qt has for it."""

    def wait(self, ms: int) -> None:
        """Let everything be drawn for a while."""
        from qtpy.QtCore import QEvent
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        QTest.qWait(ms)
        # what napari put away goes only with an event loop, which a script has none of
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def waitUntil(self, there: Callable[[], bool], timeout: int = 0) -> None:  # noqa: N802 - pytest-qt's name
        """Wait until something is so, ten minutes at least: nobody waits for these pictures."""
        end = time.monotonic() + max(timeout / 1000, 600.0)
        while not there():
            if time.monotonic() > end:
                sys.exit("The window did not come to where the guide has its picture.")
            self.wait(20)


@contextmanager
def own_state() -> Iterator[Path]:
    """A folder that holds napari's settings and ctreview's unsaved work meanwhile: nothing of the user's is touched."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = folder
        os.environ["NAPARI_CONFIG"] = str(Path(folder) / "napari.yaml")
        yield Path(folder)


class Reading:
    """A reader at the window.

    Parameters
    ----------
    viewer : napari.Viewer
    images : Path
        Where the pictures go.
    """

    def __init__(self, viewer: Any, images: Path) -> None:
        from napari_ctreview.widgets.dock import ReviewDock
        from qtpy.QtWidgets import QDockWidget

        from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse

        self.events = Events()
        self.images = images
        self.window = viewer.window._qt_window
        self.window.resize(*WINDOW)
        self.dock = ReviewDock(viewer)
        viewer.window.add_dock_widget(self.dock, name="Review two timepoints", area="right")
        self.controller = self.dock.controller
        self.mouse = SimulatedMouse(self.dock.panes, self.events)
        for panel in self.window.findChildren(QDockWidget):
            if panel.objectName() in ("layer controls", "layer list"):  # closed, as the guide has it
                panel.hide()
        self.dock.sign.reader.setText("Anna Reader")
        self.dock.sign.reader.editingFinished.emit()
        self.events.wait(500)

    def click(self, button: Any) -> None:
        """Press a button with the mouse."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        if not button.isEnabled():
            sys.exit(f"“{button.text()}” cannot be pressed.")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.events.wait(50)

    def shoot(self, name: str, widget: Any = None, *, quality: int = 80) -> None:
        """Write the window, or one widget of it, as it is on screen."""
        from PIL import Image
        from qtpy.QtGui import QImage

        self.events.wait(400)
        shown = (widget or self.window).grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = memoryview(shown.constBits())
        picture = Image.frombuffer(
            "RGB", (shown.width(), shown.height()), rows.tobytes(), "raw", "RGB", shown.bytesPerLine(), 1
        )
        target = self.images / f"{name}.webp"
        picture.save(target, quality=quality, method=6)
        if target.stat().st_size > 1000 * LARGEST_KB:
            sys.exit(f"{target.name} is larger than {LARGEST_KB} kB.")

    def only(self, *steps: str) -> None:
        """Open these steps of the dock and close the others."""
        for name, box in self.dock.boxes.items():
            box.open(name in steps)
        self.events.wait(100)

    def compared(self, start: Callable[[], object]) -> None:
        """Do something and wait for the comparison that follows."""
        from tests.plugins.napari_ctreview.reading import compared

        compared(self.events, self.controller, start)
        self.events.waitUntil(lambda: not self.controller.state.worker.busy)
        self.events.waitUntil(lambda: not self.dock.change._worker.busy)

    def look_at(self, number: int, place: Any) -> None:
        """Show the whole slice that a place lies in."""
        self.dock.panes.go_to(place, pane=number)
        self.events.wait(200)
        self.dock.panes.hanging.reset_view()
        self.events.wait(200)

    def hovered(self, number: int, place: Any) -> None:
        """Let the mouse rest at a place until the piece under it is shown."""
        self.look_at(number, place)
        self.mouse.hover(number, place)
        self.events.wait(1500)


def side_by_side(reader: Reading) -> None:
    """Load the phantom child, run every step, and look at what changed."""
    reader.click(reader.dock.load.buttons["sample"])
    reader.events.waitUntil(lambda: reader.controller.state.loader.ready)
    reader.shoot("guide-load", reader.dock.boxes["load"])
    reader.compared(lambda: reader.click(reader.dock.run_all))
    reader.only("change")
    largest = next(piece for piece in reader.dock.change.pieces.pieces.pieces if piece.timepoint == 1)
    reader.look_at(1, largest.place)
    reader.shoot("window")


def planes(reader: Reading) -> None:
    """Show three planes of both scans at what is left, and hang them side by side again."""
    from napari_ctreview.viewer.hanging import Layout

    hanging = reader.dock.panes.hanging
    largest = next(piece for piece in reader.dock.change.pieces.pieces.pieces if piece.timepoint == 1)
    hanging.set_layout(Layout.THREE_PLANES)
    reader.events.wait(500)
    reader.dock.panes.go_to(largest.place, pane=1)
    reader.shoot("guide-planes")
    hanging.set_layout(Layout.SIDE_BY_SIDE)
    reader.events.wait(200)


def correct(reader: Reading) -> None:
    """Show a piece under the cursor and remove it."""
    from qtpy.QtCore import Qt

    reader.only("correct")
    *_, smallest = (piece for piece in reader.dock.change.pieces.pieces.pieces if piece.timepoint == 1)
    reader.click(reader.dock.tools.tools["pick"])
    reader.hovered(1, smallest.place)
    reader.shoot("guide-pick")
    reader.compared(lambda: reader.mouse.click(1, smallest.place, modifiers=Qt.KeyboardModifier.ControlModifier))


def mark(reader: Reading) -> None:
    """Measure the round spot by its two axes and find it again at the other timepoint."""
    answer = json.loads((REPOSITORY / "sample_data" / "answer.json").read_text(encoding="utf-8"))
    middle = tuple(answer["baseline"]["findings"][0]["centre_lps_mm"])
    reader.look_at(0, middle)
    reader.dock.panes.mouse.deactivate()
    reader.dock.findings.type.setCurrentText("spot")
    reader.click(reader.dock.findings.shapes["axes"])
    for step in ((4.5, 0.0), (0.0, 4.0)):
        ends = [(middle[0] + sign * step[0], middle[1] + sign * step[1], middle[2]) for sign in (-1, 0, 1)]
        reader.mouse.drag(0, ends)
    reader.dock.findings.table.setCurrentCell(0, 0)
    reader.click(reader.dock.findings.track)
    reader.shoot("guide-findings")
    reader.click(reader.dock.findings.confirm)


def change(reader: Reading) -> None:
    """Show the three tabs of the change panel."""
    reader.only("change")
    panel = reader.dock.change
    for name, tab in (("regions", panel.table), ("pieces", panel.pieces), ("words", panel.words)):
        panel.tabs.setCurrentWidget(tab)
        if name == "regions":
            panel.table.expandToDepth(0)
        if name == "pieces":
            panel.pieces.step(1)
        reader.shoot(f"guide-{name}", panel)


def sign(reader: Reading, folder: Path) -> None:
    """Save into a folder and sign."""
    reader.only("sign")
    reader.controller.archive.save_as(folder / "child 1")
    reader.events.waitUntil(lambda: reader.controller.state.workspace.saved and not reader.controller.state.worker.busy)
    reader.click(reader.dock.sign.buttons["Sign"])
    reader.click(reader.dock.sign.confirm.sign)
    reader.events.waitUntil(lambda: reader.controller.state.signed and not reader.controller.state.worker.busy)
    reader.shoot("guide-sign", reader.dock.boxes["sign"])


def blinded(reader: Reading) -> None:
    """Read once more without knowing which scan is which."""
    reader.compared(lambda: reader.click(reader.dock.sign.buttons["Read again, blinded"]))
    reader.shoot("guide-blinded")


def consensus(reader: Reading, folder: Path) -> None:
    """Let a second reader remove a piece, and show where the two differ."""
    controller = reader.controller
    reader.compared(lambda: controller.archive.open(folder / "child 1", author="Ben Reader"))
    largest = next(piece for piece in reader.dock.change.pieces.pieces.pieces if piece.timepoint == 0)
    reader.compared(lambda: controller.act(0, "remove_piece", {"point": [float(v) for v in largest.place]}))
    reader.only("sign")
    choice = reader.dock.consensus
    for number, name in enumerate(("Anna Reader", "Ben Reader")):
        choice.readers[number].setCurrentText(name)
    reader.click(choice.begin)
    reader.events.waitUntil(lambda: controller.consensus.current is not None and not controller.state.worker.busy)
    reader.only("differences")
    reader.dock.panes.hanging.reset_view()
    reader.shoot("guide-consensus")


def muscle(reader: Reading) -> None:
    """Find muscle in the thighs of the phantom child at both dates."""
    controller = reader.controller
    controller.archive.close()
    for number, name in enumerate(("before", "after")):
        controller.state.loader.open(number, REPOSITORY / "sample_data" / "muscle" / name)
        reader.events.waitUntil(lambda number=number: controller.state.loader.scans[number] is not None)
    reader.click(reader.dock.run_all)
    reader.events.waitUntil(lambda: controller.muscle_mr.outcome is not None and not controller.state.worker.busy)
    reader.only("measures")
    reader.shoot("guide-muscle")


def main(images: Path = IMAGES) -> None:
    """Take every picture."""
    if lacking := without_screen():
        sys.exit(f"{lacking}; run `make prepare`")
    screen.start()
    with own_state() as folder:
        import napari

        viewer = napari.Viewer(show=True)
        reader = Reading(viewer, images)
        side_by_side(reader)
        planes(reader)
        correct(reader)
        mark(reader)
        change(reader)
        sign(reader, folder)
        blinded(reader)
        consensus(reader, folder)
        muscle(reader)
        reader.dock.stop()
        viewer.close()


if __name__ == "__main__":
    main(*(Path(given) for given in sys.argv[1:2]))
