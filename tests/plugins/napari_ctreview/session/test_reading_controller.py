"""The state of a reading: steps in the background, acts on both scans, comparison after a pause."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.measurements import Caliper

from ctreview.study import Finding, KeyImage
from tests.analysed_once import analysed_anew
from tests.plugins.napari_ctreview.reading import glass_at, glass_ml, load, register_coarsely, run, write_mr
from tests.plugins.napari_ctreview.waiting import LONGEST_S, told, until

STALL_MS = 100


@pytest.fixture
def controller(make_controller: Callable[..., Any]) -> Any:
    return make_controller()


@pytest.fixture
def quick_steps(controller: Any) -> None:
    """For tests of what becomes of work."""
    register_coarsely(controller)
    controller.chest_ct.settings = replace(controller.chest_ct.settings, lobes=False)


@pytest.fixture(scope="module")
def third(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One more scan of the same patient."""
    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import small_thorax
    from ctreview.volume.write import write_dicom
    from tests.conftest import PATIENT

    folder = tmp_path_factory.mktemp("third") / "third"
    scan = small_thorax(spacing_mm=4.0, seed=7, acquired=datetime(2022, 1, 10)).volume
    write_dicom(scan, folder, patient=Patient(**PATIENT))
    return folder


def replace_scan(qtbot: Any, controller: Any, number: int, folder: Path) -> None:
    with told(qtbot, controller.state.replaced):
        controller.state.loader.open(number, folder)


def test_two_folders_are_prepared_corrected_and_compared(controller: Any, small_scans: Path, qtbot: Any) -> None:
    load(qtbot, controller, small_scans / "before", small_scans / "after")
    assert controller.state.loader.ready
    run(qtbot, controller)
    done = {name for name, step in controller.state.steps.items() if step.state == "done"}
    assert done >= {"load", "lungs", "opacity"}
    first = controller.chest_ct.comparison["lungs"].change["opacity_ml"].value
    before = glass_ml(controller, 0)
    with told(qtbot, controller.state.edited, controller.chest_ct.compared):
        controller.act(0, "remove_piece", {"point": glass_at(controller, 0)})
    removed = before - glass_ml(controller, 0)
    assert removed > 0
    assert controller.chest_ct.comparison["lungs"].change["opacity_ml"].value == pytest.approx(first + removed, abs=0.5)
    controller.act(1, "remove_piece", {"point": glass_at(controller, 1)})
    gone = glass_ml(controller, 1)
    controller.undo()
    assert glass_ml(controller, 1) > gone
    controller.undo()  # the last act but one was in the other pane
    assert glass_ml(controller, 0) == before
    controller.redo()
    assert glass_ml(controller, 0) == pytest.approx(before - removed)


def test_the_window_never_waits_for_a_step(controller: Any, small_scans: Path, qtbot: Any) -> None:
    from qtpy.QtCore import Qt, QTimer

    load(qtbot, controller, small_scans / "before", small_scans / "after")
    controller.chest_ct.display.show_part = lambda *_: None  # drawing is not what is measured
    beats: list[float] = []
    heart = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))
    heart.start()
    ends: list[float] = []
    controller.state.worker.ended.connect(lambda *_: ends.append(time.perf_counter()))
    controller.state.worker.began.connect(lambda *_: beats.append(time.perf_counter()))
    taken, controller.chest_ct.show_prepared = [], lambda *found: taken.append(found)
    settings = controller.chest_ct.settings
    standard = settings.registration
    finest = replace(standard, affine_stages=standard.affine_stages[:1], stages=standard.stages[-1:])
    controller.chest_ct.settings = replace(settings, registration=finest)  # the others do the same on coarser grids
    with analysed_anew():
        controller.run()
        until(qtbot, lambda: bool(taken))
    heart.stop()
    gaps = 1000 * np.diff(beats)
    assert len(gaps) > 50
    assert np.percentile(gaps, 99.5) < STALL_MS, f"the longest were {np.sort(gaps)[-5:].round()} ms"


def test_a_step_that_is_stopped_can_be_run_again(controller: Any, small_scans: Path, qtbot: Any) -> None:
    load(qtbot, controller, small_scans / "before", small_scans / "after")
    with analysed_anew():
        with told(qtbot, controller.state.worker.progressed):
            controller.run()
        with told(qtbot, controller.state.worker.ended) as ended:
            controller.cancel()
    assert ended.args[:2] == ["prepare", "cancelled"]
    assert controller.chest_ct.prepared is None
    assert not controller.state.worker.busy
    assert [step.state for step in controller.state.steps.values() if step.state == "running"] == []
    run(qtbot, controller)
    assert controller.chest_ct.prepared is not None


@pytest.mark.usefixtures("prepared_once", "quick_steps")
def test_a_scan_that_is_replaced_while_the_steps_run_is_not_filed_with_what_they_find(
    prepared_once: None,
    quick_steps: None,
    controller: Any,
    small_scans: Path,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_ctreview.session import chest_ct_pair as module

    from ctreview.study import recovery

    remembered, begun, go_on = module.prepare, threading.Event(), threading.Event()

    def slow(*scans: Any, **options: Any) -> Any:
        begun.set()
        go_on.wait(LONGEST_S)
        return remembered(*scans, **{**options, "progress": lambda *_: None})

    load(qtbot, controller, small_scans / "before", small_scans / "after")
    with monkeypatch.context() as patch:
        patch.setattr(module, "prepare", slow)
        controller.run()
        assert begun.wait(LONGEST_S)
        with told(qtbot, controller.state.worker.ended) as ended:
            controller.state.loader.swap()
            go_on.set()
    assert ended.args[:2] == ["prepare", "cancelled"]
    assert controller.state.study is None
    assert controller.chest_ct.prepared is None
    assert not list(recovery.recovery_folder().glob("*"))
    run(qtbot, controller)
    digests = [scan.volume.digest for scan in controller.state.loader.scans]
    assert [controller.state.study.source(number).digest for number in (1, 2)] == digests


def test_what_is_marked_before_the_first_run_goes_with_its_scan_and_what_is_removed_is_said(
    controller: Any, small_scans: Path, third: Path, qtbot: Any
) -> None:
    said: list[str] = []
    controller.state.replaced.connect(said.append)
    on_first, on_second = (KeyImage(number, (0.0, 0.0, 0.0), "axial", 40.0, 400.0) for number in (1, 2))
    spot = Finding("spot", 1, (1.0, 2.0, 3.0))
    load(qtbot, controller, small_scans / "before")
    controller.state.keep_key_images([on_first], {on_first.id: b"png"})
    controller.state.keep_findings([spot])
    replace_scan(qtbot, controller, 1, small_scans / "after")
    assert controller.state.key_images() == (on_first,), "a second scan joins the first"
    controller.state.keep_key_images([on_first, on_second], {on_second.id: b"other"})
    controller.state.loader.swap()
    assert [(one.id, one.timepoint) for one in controller.state.key_images()] == [(on_first.id, 2), (on_second.id, 1)]
    assert [(one.id, one.timepoint) for one in controller.state.findings()] == [(spot.id, 2)]
    assert said == ["", "", ""]
    replace_scan(qtbot, controller, 1, third)
    assert [one.id for one in controller.state.key_images()] == [on_second.id]
    assert controller.state.workspace.picture(on_second) == b"other"
    assert controller.state.findings() == ()
    assert said[-1] == "Removed with the scan they were made on: 1 finding and 1 key image."
    controller.state.loader.clear()
    assert controller.state.key_images() == ()
    assert said[-1] == "Removed with the scan they were made on: 1 key image."


@pytest.mark.usefixtures("prepared_once", "quick_steps")
def test_a_reading_that_was_not_saved_is_kept_and_its_marks_go_on_with_their_scan(
    controller: Any, small_scans: Path, third: Path, qtbot: Any
) -> None:
    from ctreview.study import recovery

    said: list[str] = []
    load(qtbot, controller, small_scans / "before", small_scans / "after")
    run(qtbot, controller)
    controller.act(0, "remove_piece", {"point": glass_at(controller, 0)})
    controller.state.keep_findings([Finding("spot", 1, (1.0, 2.0, 3.0)), Finding("node", 2, (1.0, 2.0, 3.0))])
    controller.state.replaced.connect(said.append)
    replace_scan(qtbot, controller, 1, third)
    assert [one.type for one in controller.state.findings()] == ["spot"]
    assert said == [
        "The reading of the scans before was not saved; it is offered above the steps, with 1 act and 2 findings."
    ]
    (left,) = recovery.left_over()
    (reading,) = left.readings
    assert [one.type for one in reading.findings()] == ["spot", "node"]
    run(qtbot, controller)
    filed = controller.state.reading.findings()
    assert [one.type for one in filed] == ["spot"], "filed with the scans that are read now"


def test_measurements_stay_on_their_scan(controller: Any, small_scans: Path, third: Path, qtbot: Any) -> None:
    said: list[str] = []
    controller.state.replaced.connect(said.append)
    load(qtbot, controller, small_scans / "before")
    panes = controller.state.panes.panes
    length = Caliper(np.array([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0]]))
    panes[0].marks.append(length)
    controller.state.loader.changed.emit()
    replace_scan(qtbot, controller, 1, small_scans / "after")
    assert panes[0].marks == [length]
    controller.state.loader.swap()
    assert [pane.marks for pane in panes[:2]] == [[], [length]]
    replace_scan(qtbot, controller, 0, third)
    assert panes[1].marks == [length]
    assert set(said) == {""}
    replace_scan(qtbot, controller, 1, small_scans / "after")
    assert controller.state.panes.scans.measurements == 0
    assert said[-1] == "Removed with the scan they were made on: 1 measurement."


def test_a_question_that_is_closed_leaves_what_is_read(
    prepared_once: None, controller: Any, small_scans: Path, qtbot: Any
) -> None:
    load(qtbot, controller, small_scans / "before", small_scans / "after")
    run(qtbot, controller)
    prepared, study = controller.chest_ct.prepared, controller.state.study
    controller.state.loader.changed.emit()
    assert controller.chest_ct.prepared is prepared
    assert controller.state.study is study


def test_what_cannot_be_compared_is_said_and_nothing_is_lost(
    controller: Any, small_scans: Path, tmp_path: Path, qtbot: Any
) -> None:
    load(qtbot, controller, small_scans / "before")
    empty = tmp_path / "empty"
    empty.mkdir()
    for wrong, says in ((empty, "no"), (small_scans / "before", "same image")):
        with told(qtbot, controller.state.failed) as failed:
            controller.open_dropped(1, [str(wrong)])
        assert says in failed.args[0]
        assert controller.state.loader.scans[0] is not None
        assert controller.state.loader.scans[1] is None
    load_second = controller.state.loader
    with told(qtbot, load_second.changed):
        load_second.open(1, small_scans / "after")
    assert load_second.ready


@pytest.mark.parametrize("lone", [0, 1])
def test_what_is_dropped_on_a_scan_that_is_alone_is_the_other_timepoint(
    controller: Any, small_scans: Path, qtbot: Any, lone: int
) -> None:
    folders = [small_scans / "before", small_scans / "after"]
    with told(qtbot, controller.state.loader.changed):
        controller.open_dropped(lone, [str(folders[lone])])
    first = controller.state.loader.images[lone]
    with told(qtbot, controller.state.loader.changed):
        controller.state.panes.opener(0, [str(folders[1 - lone])])
    assert controller.state.loader.ready
    assert controller.state.loader.images[lone] == first


def test_an_mr_as_follow_up_of_a_ct_is_refused(
    controller: Any, small_scans: Path, tmp_path: Path, pair: Any, qtbot: Any
) -> None:
    write_mr(tmp_path / "mr", pair.after, description="t1", number=3)
    load(qtbot, controller, small_scans / "before")
    with told(qtbot, controller.state.failed) as failed:
        controller.open_dropped(1, [str(tmp_path / "mr")])
    assert failed.args[0].startswith("the baseline is CT and the follow-up MR")
    assert "Load two CTs" in failed.args[0]


def test_two_patients_are_refused_until_they_are_allowed(
    controller: Any, small_scans: Path, tmp_path: Path, pair: Any, qtbot: Any
) -> None:
    from ctreview.phantom import write_phantom

    write_phantom(pair.after, tmp_path / "other")
    load(qtbot, controller, small_scans / "before")
    with told(qtbot, controller.state.failed) as failed:
        controller.open_dropped(1, [str(tmp_path / "other")])
    assert "differ in the patient's" in failed.args[0]
    assert "allow different patients" in failed.args[0]
    assert not controller.state.loader.ready
    controller.state.loader.allow(True)
    assert controller.state.loader.ready


def test_a_tick_states_that_two_ids_are_one_patient(
    controller: Any, small_scans: Path, tmp_path: Path, qtbot: Any
) -> None:
    import shutil

    import pydicom
    from napari_ctreview.widgets.load_step import LoadStep

    other = shutil.copytree(small_scans / "after", tmp_path / "other")
    for path in other.glob("*.dcm"):
        image = pydicom.dcmread(path)
        image.PatientID = "OF-ANOTHER-HOSPITAL"
        image.save_as(path)
    step = LoadStep(controller)
    qtbot.addWidget(step)
    load(qtbot, controller, small_scans / "before")
    with told(qtbot, controller.state.failed):
        controller.open_dropped(1, [str(other)])
    step.two_patients.setChecked(True)
    step.one_patient.setChecked(True)
    assert controller.state.loader.ready
    assert (controller.state.loader.same_patient, step.two_patients.isChecked()) == (True, False)


def test_other_settings_keep_the_corrections(
    prepared_once: None, controller: Any, small_scans: Path, qtbot: Any
) -> None:
    from ctreview.review.archive import settings_of

    load(qtbot, controller, small_scans / "before", small_scans / "after")
    run(qtbot, controller)
    proposed = glass_ml(controller, 0)
    controller.act(0, "remove_piece", {"point": glass_at(controller, 0)})
    kept = glass_ml(controller, 0)
    old = controller.chest_ct.settings
    controller.chest_ct.settings = replace(old, verdict=replace(old.verdict, **_another(old.verdict)))
    prepared = controller.chest_ct.prepared
    run(qtbot, controller)
    assert controller.chest_ct.prepared.pair is prepared.pair  # what a verdict needs was there already
    planned = settings_of(controller.state.study)  # what the study gives when it is opened again
    assert planned.verdict == controller.chest_ct.settings.verdict
    assert glass_ml(controller, 0) == kept
    opacity = replace(old.opacity, least_patch_ml=2 * old.opacity.least_patch_ml)
    controller.chest_ct.settings = replace(old, opacity=opacity)
    run(qtbot, controller)
    assert controller.chest_ct.prepared.pair is not prepared.pair
    assert glass_ml(controller, 0) < proposed - 0.5 * (proposed - kept)
    assert controller.chest_ct.review.can_undo


def _another(settings: Any) -> dict[str, float]:
    """One number of a settings object, a little larger."""
    from dataclasses import asdict

    name, value = next((name, value) for name, value in asdict(settings).items() if type(value) is float)
    return {name: value * 1.01}
