"""Opening what is stored: at once and without computing it anew; scans that were moved; closing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.report.document import plain
from ctreview.review.replay import replay_study
from ctreview.study import Study
from tests.plugins.napari_ctreview.reading import glass_at, glass_ml
from tests.plugins.napari_ctreview.session.test_study_archive import job, opened
from tests.plugins.napari_ctreview.waiting import told, until

pytestmark = pytest.mark.usefixtures("prepared_once")


@pytest.fixture
def scans(small_scans: Path, tmp_path: Path) -> Path:
    """Copies that can be moved."""
    return Path(shutil.copytree(small_scans, tmp_path / "patient 0042"))


@pytest.fixture
def folder(stored_study: Path, scans: Path, tmp_path: Path) -> Path:
    """A copy of the study, of those scans."""
    study = Study.open(shutil.copytree(stored_study, tmp_path / "study"))
    for number, name in enumerate(("before", "after"), 1):
        study.relocate(number, scans / name, study.source(number).series)
    return study.folder


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is computed anew, by the names of the recipe's two halves."""
    from napari_ctreview.session import chest_ct_mode, chest_ct_pair

    made: list[str] = []
    for module, name in ((chest_ct_pair, "prepare"), (chest_ct_mode, "compare_prepared")):
        work = getattr(module, name)

        def noted(*args: Any, name: str = name, work: Any = work, **options: Any) -> Any:
            made.append(name)
            return work(*args, **options)

        monkeypatch.setattr(module, name, noted)
    return made


def test_what_is_unchanged_is_shown_as_it_was_stored_and_not_computed_anew(
    folder: Path, make_controller: Any, qtbot: Any, computed: list[str]
) -> None:
    """Then it is signed, still without computing; a correction needs all that the comparison rests on."""
    place = opened(qtbot, make_controller(), folder)
    assert computed == []
    study = Study.open(folder)
    (reading,) = study.readings
    written = json.loads((reading.comparison_folder / "change.json").read_text())
    assert [plain(one.to_dict()) for one in place.chest_ct.comparison.regions] == written["regions"]
    (first, _) = replay_study(study, (reading,))
    assert np.array_equal(place.chest_ct.review.sessions[0].array, first.opacity.array)
    assert place.chest_ct.up_to_date is not None
    assert place.state.panes.link.correspondence is not None, "linked by the registration that was stored"
    assert place.chest_ct.comparison.baseline.fate is not None
    assert place.chest_ct.comparison.followup.fate is not None
    assert job(qtbot, place, "sign", place.archive.sign) == ""
    assert computed == []
    assert place.state.reading.signature()["statement"]["change"] == written
    place.archive.correct()
    until(qtbot, lambda: not place.state.worker.busy)
    with told(qtbot, place.chest_ct.compared):
        place.act(0, "remove_piece", {"point": glass_at(place, 0)})
    assert computed == ["prepare", "compare_prepared"]
    assert place.chest_ct.prepared is not None


def test_a_draft_of_another_version_shows_its_masks_before_they_are_found_anew(
    folder: Path, make_controller: Any, qtbot: Any, computed: list[str]
) -> None:
    path = folder / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "0.0.1"}))
    place, seen = make_controller(), []
    place.state.reading_changed.connect(lambda: seen.append((place.chest_ct.review is not None, list(computed))))
    opened(qtbot, place, folder)
    assert (True, []) in seen
    assert computed == ["prepare", "compare_prepared"]


def test_moved_scans_are_found_by_their_voxels_and_the_study_remembers_where(
    folder: Path, make_controller: Any, scans: Path, tmp_path: Path, qtbot: Any
) -> None:
    """Also where the study is signed, and its seal holds."""
    Study.open(folder).reading("anna").sign({"verdict": "decreased"})
    elsewhere = tmp_path / "archive" / "0042"
    elsewhere.mkdir(parents=True)
    scans.joinpath("before").rename(elsewhere / "a")
    scans.joinpath("after").rename(elsewhere / "b")
    place, said = make_controller(), []
    place.state.failed.connect(said.append)
    job(qtbot, place, "load", lambda: place.archive.open(folder))
    assert place.archive.moved is not None
    assert "Locate" in said[-1]
    wrong = tmp_path / "wrong"
    shutil.copytree(elsewhere / "a", wrong / "c", ignore=lambda _, names: names[::2])
    job(qtbot, place, "load", lambda: place.archive.locate(wrong))
    assert "same voxels" in said[-1]
    assert place.archive.moved is not None
    with told(qtbot, place.chest_ct.compared):
        place.archive.locate(elsewhere.parent)
    study = Study.open(folder)
    assert [study.source(number).path.exists() for number in (1, 2)] == [True, True]
    assert place.archive.moved is None
    assert place.state.reading.signature()["state"].startswith("sealed")


def test_a_study_that_is_open_here_is_closed_and_opened_here(folder: Path, qtbot: Any, make_controller: Any) -> None:
    place = opened(qtbot, make_controller(), folder)
    ml = glass_ml(place, 0)
    opened(qtbot, place, folder)  # no complaint that somebody has it open
    assert glass_ml(place, 0) == ml
    place.archive.close()
    assert place.state.study is None
    assert place.chest_ct.review is None
    assert all(pane.volume is None for pane in place.state.panes.panes)
    assert place.state.loader.scans == [None, None]
    assert not (folder / "open.lock").exists()
