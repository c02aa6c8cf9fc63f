from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import napari_ctreview
import numpy as np
import pytest
from npe2 import PluginManifest
from npe2.manifest.utils import import_python_name

from tests.plugins.napari_ctreview.waiting import until

MANIFEST = Path(napari_ctreview.__file__).parent / "napari.yaml"


@pytest.fixture
def manifest() -> PluginManifest:
    return PluginManifest.from_file(MANIFEST)


def test_the_manifest_is_valid_and_names_things_that_exist(manifest: PluginManifest) -> None:
    manifest.validate_imports()
    for command in manifest.contributions.commands or []:
        assert callable(import_python_name(str(command.python_name)))


def test_the_installed_package_brings_its_manifest() -> None:
    found = PluginManifest.from_distribution("ctreview")
    assert found.name == "ctreview"
    assert found.contributions.readers
    assert found.contributions.sample_data


def test_readers_take_all_that_is_promised(manifest: PluginManifest) -> None:
    (contribution,) = manifest.contributions.readers or []
    assert contribution.accepts_directories
    patterns = set(contribution.filename_patterns)
    assert {"*.dcm", "*.zip", "*.nii", "*.nii.gz", "*.nrrd", "*.mha", "DICOMDIR"} <= patterns


def test_the_samples_are_two_timepoints_of_the_child() -> None:
    sample = importlib.import_module("napari_ctreview.input_output.sample")
    (before,), (after,) = sample.before(), sample.after()
    first, second = before[1]["metadata"]["ctreview"], after[1]["metadata"]["ctreview"]
    assert first.acquisition.acquired < second.acquisition.acquired
    assert first.acquisition.age_years == pytest.approx(4, abs=1)
    assert np.asarray(before[0]).min() < -900


def test_the_dock_opens_from_napari_s_menu(make_napari_viewer: Any, npe2pm: Any, qtbot: Any) -> None:
    from napari_ctreview.widgets.dock import ReviewDock

    npe2pm.register(PluginManifest.from_file(MANIFEST))
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("ctreview", "Review two timepoints")
    assert isinstance(dock, ReviewDock)
    until(qtbot, dock.isVisible)


def test_files_open_in_napari_and_go_back_to_a_segmentation(
    make_napari_viewer: Any, small_scans: Path, tmp_path: Path, npe2pm: Any
) -> None:
    from ctreview.volume.segmentation import read_segmentation

    npe2pm.register(PluginManifest.from_file(MANIFEST))
    viewer = make_napari_viewer(show=False)
    (layer,) = viewer.open(str(small_scans / "after"), plugin="ctreview")
    volume = layer.metadata["ctreview"]
    assert layer.data.shape == volume.geometry.shape
    painted = viewer.add_labels(
        np.zeros(layer.data.shape, np.uint8), scale=layer.scale, translate=layer.translate, name="mine"
    )
    painted.data[3:6, 4:9, 5:7] = 2
    viewer.layers.selection = {painted}
    written = viewer.layers.save(str(tmp_path / "mine.seg.nrrd"), plugin="ctreview", selected=True)
    assert [Path(one).name for one in written] == ["mine.seg.nrrd"]
    (found,) = read_segmentation(written[0])
    assert (np.asarray(found.array) > 0).sum() == 3 * 5 * 2
    opened = viewer.open_sample("ctreview", "phantom_child_before")
    assert opened[0].metadata["ctreview"].geometry.shape[0] > 100
