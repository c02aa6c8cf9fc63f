from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_ctreview.marking.key_image_recorder import KeyImageRecorder
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.slabs import Projection, Slab
from napari_ctreview.widgets.key_images_list import KeyImagesList
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage

from ctreview.errors import AlreadySigned
from ctreview.study import KeyImage
from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse, click, press
from tests.plugins.napari_ctreview.waiting import drawn, until
from tests.plugins.napari_ctreview.widgets.test_dock import reviewed


class Ledger:
    def __init__(self) -> None:
        self.kept: list[KeyImage] = []
        self.pictures: dict[str, bytes] = {}
        self.signed = False

    def key_images(self) -> Sequence[KeyImage]:
        return tuple(self.kept)

    def keep_key_images(self, images: Sequence[KeyImage], pictures: Mapping[str, bytes]) -> None:
        if self.signed:
            raise AlreadySigned("this reading is signed and cannot be changed")
        self.kept = list(images)
        self.pictures |= pictures


def test_a_key_image_is_kept_as_shown_and_found_again(make_panes: Any, pair: Any, qtbot: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    store = Ledger()
    key_image_recorder = KeyImageRecorder(panes, store)
    box = KeyImagesList(key_image_recorder)
    panes.viewer.window.add_dock_widget(box, area="right")
    panes.set_plane(Plane.CORONAL)
    panes.set_slab(Slab(Projection.MIP, 8.0))
    panes.set_window("mediastinum")
    place = panes.panes[1].centre + np.array([10.0, 8.0, -12.0])
    panes.panes[1].go_to(place)
    SimulatedMouse(panes, qtbot).hover(1, place)
    panes.take_key_image()
    (image,) = store.kept
    assert (image.timepoint, image.plane, image.slab, image.slab_mm) == (2, "coronal", "MIP", 8.0)
    assert (image.window_level, image.window_width) == (40.0, 400.0)
    assert np.allclose(image.place, place, atol=0.1)
    assert KeyImage.from_json(json.loads(json.dumps(image.to_json()))) == image
    png = store.pictures[image.id]
    picture = QImage.fromData(png)
    assert picture.width() == panes.width()
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
    assert len(colours) > 50, "all that was on screen is on it"
    assert b"tEXt" not in png

    panes.set_plane(Plane.AXIAL)
    panes.set_slab(Slab())
    panes.set_window("lung")
    panes.go_to(panes.panes[0].centre + np.array([0, 0, 40.0]))
    assert box.table.item(0, 1).text() == "coronal, MIP 8 mm, W 400 L 40"
    box.table.setCurrentCell(-1, 0)
    box.table.setCurrentCell(0, 0)
    assert panes.plane is Plane.CORONAL
    assert panes.panes[1].slab == Slab(Projection.MIP, 8.0)
    assert [tuple(pane.image.contrast_limits) for pane in panes.panes] == [(-160, 240)] * 2
    assert np.allclose(panes.panes[1].centre, place, atol=0.1)

    qtbot.keyClicks(box.caption, "node beside the trachea")
    qtbot.keyClick(box.caption, Qt.Key.Key_Return)
    assert store.kept[0].caption == "node beside the trachea"
    assert box.table.item(0, 2).text() == "node beside the trachea"
    store.signed = True
    click(box.remove)
    assert "signed" in box.message.text()
    store.signed = False
    click(box.remove)
    assert store.kept == []
    assert box.table.rowCount() == 0


@pytest.mark.usefixtures("prepared_once")
def test_key_images_are_saved_and_on_the_page(
    make_dock: Any, small_scans: Path, tmp_path: Path, qtbot: Any, monkeypatch: Any
) -> None:
    dock = make_dock()
    reviewed(qtbot, dock, small_scans)
    drawn(qtbot, dock.panes)
    press(qtbot, dock, Qt.Key.Key_K)
    press(qtbot, dock, Qt.Key.Key_S)
    drawn(qtbot, dock.panes)
    press(qtbot, dock, Qt.Key.Key_K)
    reading = dock.controller.state.reading
    assert [image.plane for image in reading.key_images()] == ["axial", "sagittal"], "on the disk at once"
    study = tmp_path / "study"
    monkeypatch.setattr("napari_ctreview.widgets.ask.folder_to_save", lambda *_: study)
    dock.boxes["sign"].open()
    click(dock.sign.buttons["Save as…"])
    until(qtbot, lambda: dock.controller.state.workspace.saved and not dock.controller.state.worker.busy)
    reading = dock.controller.state.reading
    assert reading.folder.is_relative_to(study)
    pictures = sorted(path.stem for path in (reading.folder / "key_images").glob("*.png"))
    assert pictures == sorted(image.id for image in reading.key_images())
    page = (reading.comparison_folder / "report.html").read_text()
    assert page.count('class="key-image"') == 2
    assert "Baseline, sagittal" in page
    dock.key_images.table.setCurrentCell(0, 0)
    assert dock.panes.plane is Plane.AXIAL
    click(dock.key_images.remove)
    assert len(list((reading.folder / "key_images").glob("*.png"))) == 1
