"""Save, open, sign, read blinded, be killed: what a reader did is never lost, and never changed behind his back."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.recipes.chest_ct import Prepared
from ctreview.study import Study
from tests.plugins.napari_ctreview.reading import compared, glass_at, glass_ml, load, run
from tests.plugins.napari_ctreview.waiting import told, until

pytestmark = pytest.mark.usefixtures("prepared_once")


@pytest.fixture
def read(make_controller: Callable[..., Any], small_scans: Path, qtbot: Any) -> Callable[..., Any]:
    """A controller with both scans prepared and one piece removed in each."""

    def begin(author: str = "anna") -> Any:
        place = make_controller(author)
        load(qtbot, place, small_scans / "before", small_scans / "after")
        run(qtbot, place)
        for number in (0, 1):
            place.act(number, "remove_piece", {"point": glass_at(place, number)})
        return place

    return begin


def job(qtbot: Any, place: Any, name: str, start: Callable[[], object]) -> str:
    """Start something, wait until the job of that name has ended, and give what was said of it."""
    with told(qtbot, place.state.worker.ended, check_params_cb=lambda job, *_: job == name) as ended:
        start()
    return str(ended.args[2])


def opened(qtbot: Any, place: Any, folder: Path, **how: Any) -> Any:
    compared(qtbot, place, lambda: place.archive.open(folder, **how))
    return place


def test_save_close_open_gives_what_was_there(
    read: Any, make_controller: Any, tmp_path: Path, small_scans: Path, qtbot: Any
) -> None:
    first = read()
    folder = tmp_path / "study"
    unsaved = first.state.study.folder
    job(qtbot, first, "save", lambda: first.archive.save_as(folder))  # the copy, then what is written into it
    until(qtbot, lambda: not first.state.worker.busy)
    assert first.state.study.folder == folder
    assert not unsaved.exists()
    first.act(1, "remove_small", {"label": "ground_glass", "below_ml": 0.5})
    drawn = [session.array.copy() for session in first.chest_ct.review.sessions]
    assert {path.name for path in (folder / "readers/anna").iterdir()} == {"journal.jsonl", "comparison"}
    first.close()
    assert not (folder / "open.lock").exists()

    second = opened(qtbot, make_controller(), folder)
    for session, before in zip(second.chest_ct.review.sessions, drawn, strict=True):
        assert np.array_equal(session.array, before)
    assert second.chest_ct.review.can_undo
    assert second.state.loader.scans[0].place.path == small_scans / "before"


def _flat(plain: Any) -> dict[str, Any]:
    """Values by their names, those of inner mappings with a dot; of no mapping the value itself."""
    if not isinstance(plain, dict):
        return {"": plain}
    return {f"{name}.{inner}": value for name, one in plain.items() for inner, value in _flat(one).items()}


def test_the_numbers_are_those_of_compare_with_the_same_edits(
    read: Any, tmp_path: Path, small_scans: Path, qtbot: Any
) -> None:
    from ctreview import compare

    place = read()
    place.act(0, "remove_small", {"label": "ground_glass", "below_ml": 0.5})
    place.undo()
    job(qtbot, place, "save", lambda: place.archive.save_as(tmp_path / "study"))
    until(qtbot, lambda: not place.state.worker.busy)
    job(qtbot, place, "sign", place.archive.sign)
    study = Study.open(tmp_path / "study")
    (reading,) = study.readings
    edits = tuple(reading.edits(image=study.source(number).digest) for number in (1, 2))
    assert all(edits)
    alone = compare(small_scans / "before", small_scans / "after", edits=edits).to_dict()
    signed = reading.signature()["statement"]
    assert signed["verdict"] == alone["regions"][0]["verdict"]
    written = json.loads((reading.comparison_folder / "change.json").read_text())
    assert signed["change"] == written
    for ours, theirs in zip(written["regions"], alone["regions"], strict=True):
        assert ours["region"] == theirs["region"]
        for key in ("baseline", "followup", "fate_ml"):
            assert _flat(ours[key]) == pytest.approx(_flat(theirs[key]), abs=1e-3), ours["region"]
        changes = _flat(ours["change"]), _flat(theirs["change"])
        assert changes[0].keys() == changes[1].keys()
        for key, value in changes[0].items():
            if isinstance(value, float):
                assert value == pytest.approx(changes[1][key], abs=1e-3), key
            else:
                assert value == changes[1][key], key


def test_what_another_version_signed_is_shown_as_it_is_stored(
    read: Any, make_controller: Any, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = read()
    job(qtbot, place, "save", lambda: place.archive.save_as(tmp_path / "study"))
    until(qtbot, lambda: not place.state.worker.busy)
    job(qtbot, place, "sign", place.archive.sign)
    drawn = place.session(0).array.copy()
    place.close()
    monkeypatch.setattr("ctreview.review.stored_reading.__version__", "99.0")
    later = make_controller()
    later.archive.open(tmp_path / "study")
    until(qtbot, lambda: later.state.mode.read_only)
    until(qtbot, lambda: not later.state.worker.busy)
    assert np.array_equal(later.state.panes.panes[0].labels["opacity"].data, drawn)
    assert "made by ctreview" in later.state.steps["sign"].message
    assert not later.state.mode.begun
    with told(qtbot, later.state.failed) as failed:
        later.archive.correct()
    assert "read-only here" in failed.args[0]
    assert len(later.state.study.readings) == 1


def test_a_signed_reading_is_read_only_until_a_new_version(read: Any, tmp_path: Path, qtbot: Any) -> None:
    place = read()
    job(qtbot, place, "save", lambda: place.archive.save_as(tmp_path / "study"))
    until(qtbot, lambda: not place.state.worker.busy)
    job(qtbot, place, "sign", place.archive.sign)
    assert place.state.signed
    assert place.state.steps["sign"].state == "done"
    before = place.session(0).array.copy()
    with qtbot.waitSignal(place.state.failed) as failed:
        assert place.act(0, "remove_small", {"label": "ground_glass", "below_ml": 500.0}) is None
    assert "signed" in failed.args[0]
    assert "new version" in failed.args[0]
    assert np.array_equal(place.session(0).array, before)
    with told(qtbot, place.state.failed) as failed:
        place.archive.save()
    assert failed.args[0].startswith("Nothing was saved: ")
    assert "new version" in failed.args[0]
    place.archive.correct()
    assert place.act(0, "remove_small", {"label": "ground_glass", "below_ml": 500.0}) is not None
    versions = {reading.version: reading for reading in place.state.study.readings}
    assert len(versions[2].edits()) == len(versions[1].edits()) + 1
    assert versions[1].signature() is not None
    assert not place.state.signed


def test_a_blinded_reader_sees_neither_order_nor_dates_nor_fate(
    make_controller: Any, small_scans: Path, qtbot: Any, tmp_path: Path
) -> None:
    place = make_controller()
    load(qtbot, place, small_scans / "before", small_scans / "after")
    run(qtbot, place)
    place.state.workspace.blind(seed=_seed_that_swaps())
    place.state.mode.restart()
    assert place.state.blinded
    assert place.state.order == (1, 0)
    panes = place.state.panes.panes
    assert panes[0].volume is place.state.loader.scans[1].volume
    assert [pane.annotations.corners.top_left for pane in panes[:2]] == [("A",), ("B",)]
    assert all(pane.annotations.corners.top_right == () for pane in panes[:2])
    assert all(pane.known.fate is None for pane in panes)
    # an act in the left pane is one on the follow-up
    before = glass_ml(place, 1)
    edits = []
    place.state.edited.connect(lambda pane, _change: edits.append(pane))
    place.act(0, "remove_piece", {"point": glass_at(place, 0)})
    assert edits == [0]
    assert glass_ml(place, 1) < before
    # panes still go to the same place of the patient
    middle = place.chest_ct.prepared.transform.to_fixed(place.state.panes.panes[0].centre[None])[0]
    assert np.abs(place.state.panes.panes[1].centre - middle).max() < 8
    until(qtbot, lambda: not place.state.worker.busy)
    job(qtbot, place, "save", lambda: place.archive.save_as(tmp_path / "study"))
    until(qtbot, lambda: not place.state.worker.busy)
    job(qtbot, place, "sign", place.archive.sign)
    assert not place.state.blinded
    assert place.state.order == (0, 1)
    assert "BASELINE" in panes[0].annotations.corners.top_left[0]
    assert panes[0].known.fate is not None
    place.archive.read_again(blinded=True)
    assert place.state.blinded
    assert place.state.reading.version == 2
    assert glass_ml(place, 1) == before  # starts with nothing


def test_a_second_reader_starts_afresh_and_blinded(read: Any, make_controller: Any, tmp_path: Path, qtbot: Any) -> None:
    first = read("anna")
    proposed = [float(session.base.volume_ml("ground_glass")) for session in first.chest_ct.review.sessions]
    job(qtbot, first, "save", lambda: first.archive.save_as(tmp_path / "study"))
    until(qtbot, lambda: not first.state.worker.busy)
    with told(qtbot, (other := make_controller("ben")).state.failed) as failed:
        other.archive.open(tmp_path / "study")
    assert "has this study open" in failed.args[0]
    first.close()
    opened(qtbot, other, tmp_path / "study", blinded=True)
    assert other.state.blinded
    assert [glass_ml(other, number) for number in (0, 1)] == pytest.approx(proposed)
    assert {reading.reader for reading in other.state.study.readings} == {"anna", "ben"}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "study.json").write_text('{"schema": "ctreview.study/9"}'), "newer ctreview"),
        (lambda folder: (folder / "study.json").unlink(), "no study"),
        (lambda folder: (folder / "timepoints/1/source.json").write_text(_elsewhere(folder)), "is gone"),
        (lambda folder: (folder / "readers/anna/journal.jsonl").write_text("00000000 x\n11111111 y\n"), "damaged"),
    ],
    ids=["newer", "none", "moved", "damaged"],
)
def test_what_cannot_be_opened_is_refused_and_left_alone(
    make_controller: Any, kept: Path, qtbot: Any, spoil: Callable[[Path], object], says: str
) -> None:
    spoil(kept)
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    place = make_controller()
    with told(qtbot, place.state.failed) as failed:
        place.archive.open(kept)
    assert says in failed.args[0]
    assert {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before
    assert place.state.study is None


@pytest.fixture
def kept(stored_study: Path, tmp_path: Path) -> Path:
    """A saved study that nobody has open."""
    return Path(shutil.copytree(stored_study, tmp_path / "study"))


def test_a_full_disk_loses_nothing(read: Any, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = read()
    before, acts = place.session(0).array.copy(), place.state.reading.edits()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "journal.jsonl")

    with monkeypatch.context() as patch, qtbot.waitSignal(place.state.failed) as failed:
        patch.setattr("ctreview.edits.journal.os.fsync", full)
        assert place.act(0, "remove_small", {"label": "ground_glass", "below_ml": 500.0}) is None
    assert "No space left" in failed.args[0]
    assert "Make room" in failed.args[0]
    assert np.array_equal(place.session(0).array, before)
    assert place.state.reading.edits() == acts
    with monkeypatch.context() as patch, told(qtbot, place.state.failed) as failed:
        patch.setattr("ctreview.study.store.shutil.copytree", full)
        place.archive.save_as(tmp_path / "study")
    assert "No space left" in failed.args[0]
    assert not (tmp_path / "study").exists()
    assert place.state.reading.edits() == acts
    assert place.act(0, "remove_small", {"label": "ground_glass", "below_ml": 500.0}) is not None


def test_after_a_kill_the_acts_are_there(
    small_scans: Path, small_prepared: Prepared, tmp_path: Path, make_controller: Any, qtbot: Any
) -> None:
    from ctreview.study.recovery import left_over

    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        import ctreview.study.recovery as recovery
        recovery.recovery_folder = lambda: Path(sys.argv[3])
        from pickle import loads
        from ctreview.review.workspace import Workspace
        from ctreview.review.archive import ImageSource, plan_of
        from ctreview.review.corrections import OpacityReview
        found = loads(Path(sys.argv[4]).read_bytes())
        workspace = Workspace("anna")
        workspace.store_pair(found, [ImageSource(Path(path)) for path in sys.argv[1:3]], plan_of(found))
        review = OpacityReview(found, author="anna", journal=workspace.journal)
        for below in (0.5, 1.0, 2.0):
            review.act(0, "remove_small", {"label": "ground_glass", "below_ml": below})
        review.undo()
        print("ready", flush=True)
        sys.stdin.read()
        """
    )
    recovery = tmp_path / "state" / "recovery"
    (tmp_path / "prepared").write_bytes(pickle.dumps(small_prepared))
    arguments = [str(small_scans / "before"), str(small_scans / "after"), str(recovery), str(tmp_path / "prepared")]
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        os.kill(process.pid, signal.SIGKILL)
    (study,) = left_over()
    assert [edit.kind for edit in study.reading("anna").edits()] == ["remove_small"] * 3 + ["undo"]
    place = opened(qtbot, make_controller("anna"), study.folder)
    assert place.chest_ct.review.can_undo
    assert len(place.chest_ct.review.edits[0]) == 4
    assert place.act(0, "remove_small", {"label": "ground_glass", "below_ml": 500.0}) is not None
    place.close()
    assert left_over() != ()  # still unsaved, still there


def _seed_that_swaps() -> int:
    from ctreview.review.workspace import reading_order

    return next(seed for seed in range(20) if reading_order(seed) == (1, 0))


def _elsewhere(folder: Path) -> str:
    source = json.loads((folder / "timepoints/1/source.json").read_text())
    return json.dumps({**source, "path": str(folder / "nothing")})
