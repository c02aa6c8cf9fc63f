"""How fast the panes change slices, and what they hold in memory, beside napari with the same two volumes.

Each side runs in a process of its own, in a window of one size, on a screen of its own where there is none. A slice is
changed when every canvas that shows it has been drawn again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from tests.benchmarks.plugin_reading import measure as measure_reading
from tests.benchmarks.plugin_tools import measure

SHAPE = (300, 512, 512)
SPACING = (1.0, 0.7, 0.7)
CHANGES = 40


def run() -> list[dict[str, Any]]:
    """Rows for the slice change (median of 40) in three planes, for memory, and for the tools at work."""
    ours, bare = (_measured(side) for side in ("ours", "bare"))
    size = "two volumes of 512 × 512 × 300"
    rows = [
        {
            "stage": "plugin",
            "case": f"slice change, {plane}, both panes, {size}",
            "ours": ours[plane],
            "peer": bare[plane],
            "peer_name": "napari, both volumes in its grid",
            "unit": "ms",
            "goal": "ratio <= 1.3",
        }
        for plane in ("axial", "coronal", "sagittal")
    ]
    rows.append(
        {
            "stage": "plugin",
            "case": f"memory with masks of both, {size}",
            "ours": ours["memory"],
            "peer": ours["data"],
            "peer_name": "the two volumes and their masks",
            "unit": "MB",
            "goal": "ratio <= 1.5",
            "note": f"added to an empty napari; bare napari: {bare['memory']:.0f} MB",
        }
    )
    return [*rows, *_tools(), *_reading()]


def _tools() -> list[dict[str, Any]]:
    """From the hand to the screen, drawing by the processor included where there is no graphics card."""
    took = _measured("tools")

    def row(case: str, ours: float, limit: float, note: str = "") -> dict[str, Any]:
        where = f"{case}, 512 × 512 × 300"
        return {"stage": "plugin", "case": where, "ours": ours, "unit": "ms", "goal": f"ours <= {limit}", "note": note}

    def processor(name: str) -> str:
        return f"{took[f'{name}, processor']:.0f} ms of processor time, drawing included"

    return [
        row("pick, click to mask on screen", took["pick"], 150, processor("pick")),
        row("pick of a piece that the hover showed", took["pick shown before"], 150),
        row(
            "brush, added to a move of the mouse",
            took["brush move"] - took["bare move"],
            10,
            f"a move with nothing in the hand {took['bare move']:.1f} ms",
        ),
        row("brush, end of a stroke to screen", took["brush release"], 150),
        row("undo of a pick", took["undo"], 100, processor("undo")),
        row("undo of the whole lung", took["undo whole lung"], 100),
        row(
            "scribble, box as large as 256 × 256 × 64 to screen",
            took["scribble"],
            400,
            f"from the second stroke on; the first {took['scribble, first']:.0f} ms; {processor('scribble')}",
        ),
        row("scribble, whole lung to screen", took["whole lung"], 5000),
        row(
            "longest stall of the window while strokes are answered",
            max(took["stall"], took["stall, whole lung"]),
            100,
            f"drawing of the pane left out; {took['stall']:.0f} ms around strokes, "
            f"{took['stall, whole lung']:.0f} ms for the whole lung",
        ),
    ]


def _reading() -> list[dict[str, Any]]:
    """A reading from its scans to its study, all steps run."""
    took = _measured("reading")

    def row(case: str, ours: float, unit: str, limit: float, note: str) -> dict[str, Any]:
        where = f"{case}, two scans of 512 × 512 × 300"
        return {"stage": "plugin", "case": where, "ours": ours, "unit": unit, "goal": f"ours <= {limit}", "note": note}

    return [
        row("opening a study, to its masks on screen", took["open study"], "ms", 5000, "median of 12"),
        row("click shown in all planes of both", took["click, three planes"], "ms", 150, "drawn by the processor"),
        row(
            "peak memory of a reading: all steps, three planes, all overlays, 100 acts",
            took["peak"],
            "MB",
            6442,
            "of the whole process; the goal is 6 GiB",
        ),
        row("growth of memory over ten changes of patient", took["growth"], "MB", 100, "two studies opened in turn"),
    ]


def _measured(side: str) -> dict[str, float]:
    told = subprocess.run([sys.executable, "-m", __name__, side], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(told.stdout.strip().splitlines()[-1])
    return found


def _volumes() -> Any:
    import numpy as np

    from ctreview.volume.geometry import Geometry
    from ctreview.volume.labels import Label, LabelMap, Scheme
    from ctreview.volume.volume import Volume

    random = np.random.default_rng(0)
    scheme = Scheme((Label(1, "ground_glass", (230, 159, 0)),))
    made = []
    for number in range(2):
        geometry = Geometry.aligned(SHAPE, SPACING, origin=(0, 0, 5.0 * number), frame_of_reference=f"1.2.{number}")
        array = np.empty(SHAPE, np.int16)
        array[:] = random.integers(-1000, 200, SHAPE[1:], dtype=np.int16)
        mask = np.zeros(SHAPE, np.uint8)
        mask[100:200, 100:300, 100:300] = 1
        made.append((Volume(array, geometry), LabelMap(mask, geometry, scheme)))
    return made


def _one_side(side: str) -> dict[str, float]:
    import napari
    import psutil
    from napari_ctreview.viewer.layers import image_layer, labels_layer
    from napari_ctreview.viewer.panes import Panes
    from napari_ctreview.viewer.planes import Plane, show
    from qtpy.QtWidgets import QApplication

    from tests.plugins import screen

    screen.start()
    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.resize(1400, 800)
    QApplication.processEvents()
    scans = _volumes()
    before = psutil.Process().memory_info().rss
    if side == "ours":
        panes = Panes(viewer)
        panes.scans.show_timepoints(scans[0][0], scans[1][0])
        for number, (_, mask) in enumerate(scans):
            panes.show_labels(number, mask, name="opacity")
        canvases, turn = [pane.canvas for pane in panes.panes], panes.set_plane
    else:
        for number, (volume, mask) in enumerate(scans):
            viewer.add_image(image_layer(volume, name=f"scan {number}")[0], **image_layer(volume, name=f"{number}")[1])
            viewer.add_labels(mask.array, **labels_layer(mask, name=f"opacity {number}")[1])
        viewer.grid.stride, viewer.grid.shape, viewer.grid.enabled = 2, (1, 2), True
        canvases = [viewer.window._qt_viewer]

        def turn(plane: Plane) -> None:
            show(viewer, plane)

    drawn = [0] * len(canvases)
    for number, canvas in enumerate(canvases):
        canvas.canvas._scene_canvas.events.draw.connect(lambda _event, number=number: _count(drawn, number))
    found = {}
    for plane in Plane:
        turn(plane)
        found[plane.name.lower()] = 1000 * _slice_change(viewer, plane.value, drawn)
    data = sum(volume.array.nbytes + mask.array.nbytes for volume, mask in scans)
    added = psutil.Process().memory_info().rss - before
    found |= {"memory": (added + data) / 1e6, "data": data / 1e6}
    viewer.close()
    return found


def _count(drawn: list[int], number: int) -> None:
    drawn[number] += 1


def _slice_change(viewer: Any, axis: int, drawn: list[int]) -> float:
    """Median seconds from the change until every canvas was drawn again."""
    from qtpy.QtWidgets import QApplication

    for _ in range(20):
        QApplication.processEvents()
    start = viewer.dims.range[axis].start
    took = []
    for number in range(CHANGES + 5):
        before = list(drawn)
        begin = time.perf_counter()
        viewer.dims.set_point(axis, start + (60 + number) * SPACING[axis])
        while any(now == then for now, then in zip(drawn, before, strict=True)):
            QApplication.processEvents()
        took.append(time.perf_counter() - begin)
        for _ in range(3):
            QApplication.processEvents()
    return sorted(took[5:])[CHANGES // 2]


if __name__ == "__main__":
    ways = {"tools": measure, "reading": measure_reading}
    print(json.dumps(ways[sys.argv[1]]() if sys.argv[1] in ways else _one_side(sys.argv[1])))
