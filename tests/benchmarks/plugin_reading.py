"""A whole reading of two scans of 512 × 512 × 300 in napari's window.

How long a study takes to open, what three planes cost, and what all of it holds in memory, after 100 acts and after ten
changes of patient.

Called by ``bench_plugin`` in a process of its own, since the highest memory of a process never falls again.
"""

from __future__ import annotations

import gc
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

SHAPE = (300, 512, 512)
SPACING = (1.0, 0.7, 0.7)
ACTS = 100
CHANGES = 10
CLICKS = 20


def measure() -> dict[str, float]:
    """Milliseconds and megabytes by what they are of."""
    from tests.plugins import screen

    screen.start()
    with tempfile.TemporaryDirectory(prefix="ctreview-reading-") as folder:
        window = _Window(Path(folder))
        _write_scans(Path(folder))
        window.read(Path(folder) / "before", Path(folder) / "after")
        window.show_everything()
        found = {"click, three planes": _click_in_three_planes(window)}
        window.act(ACTS)
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        found |= _change_patients(window, window.save(Path(folder) / "one"), Path(folder) / "other")
        window.close()
    return found


def _write_scans(folder: Path) -> None:
    """Two phantoms of one patient, interpolated to many slices: how long the steps take is measured elsewhere."""
    from scipy.ndimage import zoom

    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.volume.geometry import Geometry
    from ctreview.volume.volume import Volume
    from ctreview.volume.write import write_dicom

    random = np.random.default_rng(0)
    for number, (name, ml) in enumerate((("before", 120.0), ("after", 40.0))):
        glass = tuple(Lesion("ground_glass", f"{side}_lower_lobe", "ventral", ml) for side in ("right", "left"))
        coarse = small_thorax(
            lesions=glass, spacing=(2.0, 2.1, 2.1), seed=number, acquired=datetime(2021, 9 + number, 3)
        )
        array = np.full(SHAPE, -1024, np.int16)
        fine = zoom(coarse.volume.array.astype(np.float32), (2, 3, 3), order=1)
        box = tuple(slice(0, min(full, size)) for full, size in zip(SHAPE, fine.shape, strict=True))
        array[box] = fine[box] + random.normal(0, 15, fine[box].shape)
        grid = Geometry.aligned(SHAPE, SPACING, origin=(0.0, 0.0, 0.0), frame_of_reference=f"1.2.{number}")
        volume = Volume(array, grid, coarse.volume.unit, coarse.volume.acquisition)
        write_dicom(volume, folder / name, patient=Patient(id="bench"))


class _Window:
    """napari's window with the dock, driven as a reader drives it."""

    def __init__(self, folder: Path) -> None:
        import napari
        import napari_ctreview.preferences
        from napari_ctreview.widgets.dock import ReviewDock

        from ctreview.study import recovery

        recovery.recovery_folder = lambda: folder / "recovery"
        napari_ctreview.preferences.folder = lambda: folder / "settings"
        self.viewer = napari.Viewer(show=True)
        self.viewer.window._qt_window.resize(1600, 950)
        self.dock = ReviewDock(self.viewer)
        self.viewer.window.add_dock_widget(self.dock, name="Review two timepoints", area="right")
        self.failures: list[str] = []
        self.dock.state.failed.connect(self.failures.append)
        self.turn(0.2)

    @property
    def controller(self) -> Any:
        return self.dock.controller

    def turn(self, seconds: float = 0.0) -> None:
        from qtpy.QtWidgets import QApplication

        end = time.monotonic() + seconds
        while True:
            QApplication.processEvents()
            if time.monotonic() >= end:
                return
            time.sleep(0.002)

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 900
        while not condition():
            if self.failures or time.monotonic() > end:
                raise RuntimeError("; ".join(self.failures) or "nothing came of it in a quarter of an hour")
            self.turn()
            time.sleep(0.001)

    def settled(self) -> None:
        """Wait until nothing runs and what is compared holds every act."""
        self.until(lambda: self.controller.chest_ct.up_to_date is not None and not self.controller.state.worker.busy)
        self.until(lambda: self.dock.change.listed)

    def read(self, *folders: Path) -> None:
        """Load both scans and run all steps."""
        for number, folder in enumerate(folders):
            self.controller.open_dropped(number, [str(folder)])
        self.until(lambda: self.controller.state.loader.ready)
        self.controller.run()
        self.settled()

    def show_everything(self) -> None:
        """All overlays (opacity, what is to confirm, the outline of the lungs, fate) and all planes of both scans."""
        from napari_ctreview.viewer.hanging import Layout

        self.dock.fate.setChecked(True)
        self.dock.panes.toggle_outline()
        self.dock.panes.hanging.set_layout(Layout.THREE_PLANES)
        self.turn(1.0)

    def act(self, count: int) -> None:
        """Strokes of the brush on both scans in turn, through the middle of each right lung."""
        review = self.controller.chest_ct.review
        for number in range(count):
            scan = number % 2
            lung = review.lungs(scan)
            level = np.argwhere(lung.mask("right_lung").any(axis=(1, 2))).mean() + number // 2 - count // 4
            middle = np.argwhere(lung.array[round(level)] == lung.scheme["right_lung"].value).mean(axis=0)
            start = lung.geometry.to_lps((round(level), *middle))
            points = [[float(v) for v in start + np.array([step, 0.0, 0.0])] for step in range(8)]
            label = ("ground_glass", "consolidation", None)[number % 3]
            self.controller.act(scan, "brush", {"points": points, "label": label, "plane": 0})
            self.turn()
        self.settled()

    def save(self, folder: Path) -> Path:
        """Save the reading as a study."""
        self.controller.archive.save_as(folder)
        self.until(lambda: self.controller.archive.save_state.kind == "saved")
        return folder

    def open(self, study: Path) -> float:
        """Milliseconds until the stored masks of both scans are on screen; then everything is waited for."""
        panes = self.dock.panes.panes[:2]
        start = time.perf_counter()
        self.controller.archive.open(study)
        self.until(lambda: self.controller.state.study is not None and self.controller.state.study.folder == study)
        self.until(lambda: all(pane.volume is not None and "opacity" in pane.labels for pane in panes))
        for pane in panes:
            pane.surface.repaint()
        took = 1000 * (time.perf_counter() - start)
        self.settled()
        return took

    def close(self) -> None:
        self.controller.close()
        self.controller.state.worker.wait(60)


def _click_in_three_planes(window: _Window) -> float:
    """Milliseconds from a click until all planes of both scans are painted at the place; the median."""
    from qtpy.QtCore import QPoint, Qt
    from qtpy.QtTest import QTest

    panes = window.dock.panes
    shown = [*panes.panes[:2], *(pane for planes in panes.hanging.reformats for pane in planes.panes)]
    drawn: set[int] = set()
    for number, pane in enumerate(shown):
        events = pane.canvas.canvas._scene_canvas.events.draw
        events.connect(lambda _event, number=number: drawn.add(number), position="last")
    further = set(range(2, len(shown)))  # the large panes show the place already, and only their lines move
    surface = panes.panes[0].surface
    took = []
    for number in range(CLICKS):
        window.turn(0.05)
        drawn.clear()
        at = QPoint(surface.width() // 2 - 40 + 4 * number, surface.height() // 2 - 30 + 3 * number)
        start = time.perf_counter()
        QTest.mouseClick(surface, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        window.until(lambda: drawn >= further)
        took.append(1000 * (time.perf_counter() - start))
    return sorted(took)[CLICKS // 2]


def _change_patients(window: _Window, one: Path, other: Path) -> dict[str, float]:
    """Open two studies in turn: how long that takes, and by how much memory grows from the second change on."""
    import psutil

    shutil.copytree(one, other, ignore=shutil.ignore_patterns("open.lock"))  # it is open here
    took, held = [], []
    for number in range(CHANGES + 2):
        took.append(window.open((other, one)[number % 2]))
        gc.collect()
        held.append(psutil.Process().memory_info().rss / 1e6)
    return {"open study": sorted(took)[len(took) // 2], "growth": held[-1] - held[1]}
