"""What the plugin's tests share: a screen to draw on, napari's viewer, small scans whose truth is known."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from napari.utils._testsupport import (  # noqa: F401 - napari's pytest plugin is off, so that other tests load no Qt
    _clean_themes,
    make_napari_viewer,
    mock_app_model,
    pytest_runtest_makereport,
)
from napari_ctreview import napari_adapter
from npe2._pytest_plugin import npe2pm  # noqa: F401 - as above

from ctreview.phantom import Lesion, Phantom, small_thorax, true_transform
from ctreview.volume.transform import Transform
from tests.analysed_once import analysed_once  # noqa: F401 - for all tests of this folder
from tests.plugins import screen as virtual_screen
from tests.plugins.napari_ctreview.prepared import prepare_once
from tests.plugins.napari_ctreview.reading import write_mr
from tests.plugins.napari_ctreview.waiting import LONGEST_S
from tests.shared_results import SharedResults
from tests.system_packages import without_screen


def pytest_configure(config: pytest.Config) -> None:
    """Give the fixtures the options that napari's own plugin would have added."""
    setattr(config.option, "--show-napari-viewer", True)
    setattr(config.option, "--save-leaked-object-graph", False)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """What Qt is started with; before that, a screen is found."""
    if lacking := without_screen():
        pytest.fail(f"{lacking}; run `make prepare`", pytrace=False)
    virtual_screen.start()
    _load_window()
    os.environ.pop("QT_QPA_PLATFORM", None)  # "offscreen" leaves the canvas blank
    return ["ctreview tests"]


def _load_window() -> None:
    """As `Panes` does, but before there is any window: those of tests are to be collected."""
    importlib.import_module("napari_ctreview.widgets.dock")
    importlib.import_module("ctreview.recipes.chest_ct")
    napari_adapter.freeze_what_is_loaded()


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scans of one coarse phantom, a lesion in the right upper lobe of the first, and how they belong together."""

    before: Phantom
    after: Phantom
    transform: Transform


@pytest.fixture(scope="session")
def pair(shared_results: SharedResults) -> Pair:
    return shared_results.value("pair of the plugin's tests", _pair)


def _pair() -> Pair:
    glass = (Lesion("ground_glass", "right_upper_lobe", "ventral", 60.0),)
    before = small_thorax(lesions=glass, spacing_mm=4.0, acquired=datetime(2021, 9, 3))
    after = small_thorax(spacing_mm=4.0, seed=1, breath_depth=0.7, acquired=datetime(2021, 11, 8))
    return Pair(before, after, true_transform(before, after))


@pytest.fixture(scope="session")
def examinations(shared_results: SharedResults, pair: Pair) -> tuple[Path, Path]:
    """Two MR examinations with T1 and STIR each; STIR is 100 more."""

    def write(target: Path) -> None:
        for name, phantom in (("one", pair.before), ("two", pair.after)):
            brighter = replace(phantom, volume=phantom.volume.with_array(phantom.volume.array + np.int16(100)))
            write_mr(target / name / "t1", phantom, description="t1_tse_tra", number=1)
            write_mr(target / name / "stir", brighter, description="STIR tra", number=2)

    folder = shared_results.files("MR examinations", write)
    return folder / "one", folder / "two"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unsaved studies of a test, and what the window remembers, lie in its own folder."""
    monkeypatch.setattr("ctreview.study.recovery.recovery_folder", lambda: tmp_path / "state" / "recovery")
    monkeypatch.setattr("napari_ctreview.preferences.folder", lambda: tmp_path / "state" / "settings")
    monkeypatch.setattr("napari._qt.qt_main_window.SHOW_QT_WARNING", False, raising=False)  # napari before 0.10 has it


@pytest.fixture
def wait(qtbot: Any) -> Callable[[], None]:
    """Let everything be drawn."""

    def settled() -> None:
        qtbot.wait(30)

    return settled


@pytest.fixture
def make_panes(make_napari_viewer: Any, qtbot: Any) -> Callable[..., Any]:  # noqa: F811
    """Panes in a window of 1400 × 800 pixels; napari closes them with its window."""

    def make(count: int = 2) -> Any:
        from napari_ctreview.viewer.panes import Panes

        viewer = make_napari_viewer(show=True)
        viewer.window._qt_window.resize(1400, 800)
        panes = Panes(viewer, count)
        qtbot.wait(50)
        return panes

    return make


@pytest.fixture
def at_work(make_panes: Callable[..., Any], pair: Pair, qtbot: Any) -> Callable[..., Any]:
    """Both scans at the lesion of the first, with a label editor, a corrector and a simulated mouse."""

    def make(*, empty: bool = True) -> Any:
        from napari_ctreview.correcting import Corrector

        from tests.plugins.napari_ctreview.simulated_mouse import PhantomLabelEditor, SimulatedMouse, lesion_of

        panes = make_panes()
        panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
        editor = PhantomLabelEditor(panes, pair, empty=empty)
        panes.go_to(lesion_of(pair))
        qtbot.wait(30)
        return panes, editor, Corrector(panes, editor), SimulatedMouse(panes, qtbot)

    return make


@pytest.fixture
def canvas_of(qtbot: Any) -> Callable[[Any], npt.NDArray[np.uint8]]:
    """The pixels of a pane as they are on screen, shape (height, width, 3)."""

    def grab(pane: Any) -> npt.NDArray[np.uint8]:
        for _ in range(3):
            qtbot.wait(20)
        image = pane.canvas.canvas.native.grab().toImage().convertToFormat(_RGB())
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    return grab


def _RGB() -> Any:
    from qtpy.QtGui import QImage

    return QImage.Format.Format_RGB888


@pytest.fixture
def prepared_once(monkeypatch: pytest.MonkeyPatch, shared_results: SharedResults) -> None:
    """Let the recipe do the work of two scans with given settings once for all tests; it is tested elsewhere."""
    from ctreview.recipes import chest_ct

    monkeypatch.setattr("napari_ctreview.session.chest_ct_pair.prepare", prepare_once(chest_ct.prepare, shared_results))


@pytest.fixture
def make_controller(make_panes: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Workplaces on panes of their own; ended with the test, as napari's window ends them."""
    from napari_ctreview.session.reading_controller import ReadingController

    places: list[ReadingController] = []

    def make(author: str = "anna") -> ReadingController:
        places.append(ReadingController(make_panes(3), author=author))
        return places[-1]

    yield make
    for place in places:
        if place.state.open:
            place.close()
        place.state.worker.wait(LONGEST_S)


@pytest.fixture
def make_dock(
    make_napari_viewer: Any,  # noqa: F811
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], Any]]:
    """Docks in windows of 1500 × 950 pixels; napari closes them with their window."""
    from napari_ctreview.widgets.dock import ReviewDock

    monkeypatch.setattr("napari_ctreview.widgets.dock.warm_up_tools", lambda: None)  # tested by itself

    workers = []

    def make() -> Any:
        viewer = make_napari_viewer(show=True)
        viewer.window._qt_window.resize(1500, 950)
        dock = ReviewDock(viewer)
        viewer.window.add_dock_widget(dock, name="Review two timepoints", area="right")
        qtbot.wait(50)
        workers.append(dock.controller)
        return dock

    yield make
    for place in workers:
        place.close()
        place.state.worker.wait(LONGEST_S)
    workers.clear()
