import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.layers._source import layer_source
from napari_ctreview.input_output.layer_importer import LayerImporter

from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume


@pytest.fixture
def scan():
    volume = Volume(np.zeros((2, 3, 4), np.int16), Geometry((2, 3, 4), np.eye(4), "1"))

    def made(path):
        with layer_source(path=str(path)):
            return Image(volume.array, metadata={"ctreview": volume})

    return made


def test_scans_that_napari_opened_before_the_dock_become_timepoints_and_other_layers_stay(qtbot, scan, tmp_path):
    viewer, opened = ViewerModel(), []
    for layer in (scan(tmp_path / "before"), Image(np.zeros((2, 2)), name="other"), scan(tmp_path / "after")):
        viewer.layers.append(layer)
    LayerImporter(viewer, opened.append, lambda layer: True, pytest.fail)
    qtbot.waitUntil(lambda: len(opened) == 2)
    assert opened == [tmp_path / "before", tmp_path / "after"]
    assert [layer.name for layer in viewer.layers] == ["other"]
