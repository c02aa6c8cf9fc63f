"""A reader's corrections replayed from a folder, without a window."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import InputRefused, UnreadableFile, WrongUse
from ctreview.recipes.chest_ct.loading import load_ct
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.report.document import plain
from ctreview.review.readings import find_reading, open_reading
from ctreview.review.replay import replay, replay_document, replay_study, write_replayed
from ctreview.study import AnalysisPlan, Study
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.volume import Volume
from tests.readings import Read, dab


@pytest.fixture
def copy(read: Read, tmp_path: Path) -> Study:
    """The study, to be changed."""
    shutil.copytree(read.study.folder, tmp_path / "study")
    return Study.open(tmp_path / "study")


def test_the_masks_are_those_of_the_session_bit_for_bit(read: Read) -> None:
    readings = [find_reading(read.study, name) for name in ("anna", "ben")]
    found = replay_study(read.study, readings)
    assert [(one.number, one.reader) for one in found] == [(1, "anna"), (1, "ben"), (2, "anna"), (2, "ben")]
    for one in found:
        session = read.sessions[one.reader][one.number - 1]
        assert one.opacity.array.dtype == session.array.dtype
        assert np.array_equal(one.opacity.array, session.array)
        assert not np.array_equal(one.opacity.array, one.proposed.array)
        assert np.array_equal(one.proposed.array, read.prepared.points[one.number - 1].opacity.array)
        assert one.refused == one.elsewhere == ()


def test_copies_from_the_other_timepoint_were_among_them(read: Read) -> None:
    """The scans of this study are registered, else the test above would prove less than it says."""
    assert "carry" in {edit.kind for edit in read.study.reading("anna").edits()}


def test_what_is_written_reads_back_and_says_what_was_applied(read: Read, tmp_path: Path) -> None:
    found = replay(read.study.folder, reader="anna")
    write_replayed(found, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "timepoint-1.seg.nrrd",
        "timepoint-2.seg.nrrd",
        "replay.json",
        "provenance.json",
    }
    opacity = read_segmentation(tmp_path / "out/timepoint-2.seg.nrrd")[-1]
    assert np.array_equal(opacity.array, read.sessions["anna"][1].array)
    document = json.loads((tmp_path / "out/replay.json").read_text())
    assert document == plain(replay_document(found))
    assert [one["applied"] for one in document["timepoints"]] == [3, 1]
    assert document["timepoints"][0]["sha256"] != document["timepoints"][1]["sha256"]


def test_edits_that_no_longer_apply_and_those_of_other_images_are_told_apart(read: Read, copy: Study) -> None:
    volume = read.prepared.points[0].volume
    far = Edit("remove_piece", "opacity", {"point": [9999.0, 0.0, 0.0]}, "ben", volume.digest, volume.geometry)
    for edit in (far, replace(far, image="of another scan", id="b")):
        find_reading(copy, "ben").record(edit)
    (found,) = replay(copy.folder, reader="ben", timepoints=(1,))
    assert [(edit.id, reason) for edit, reason in found.refused] == [(far.id, "the point lies outside the image")]
    assert [edit.id for edit in found.elsewhere] == ["b"]
    assert np.array_equal(found.opacity.array, read.sessions["ben"][0].array)


def test_a_journal_alone_is_replayed_on_the_masks_that_are_given(read: Read, small_scans: Path) -> None:
    journal = read.study.folder / "readers/anna/journal.jsonl"
    masks = read.study.folder / "timepoints/2/masks.seg.nrrd"
    (found,) = replay(journal, scan=small_scans / "after", masks=masks)
    assert np.array_equal(found.opacity.array, read.sessions["anna"][1].array)
    assert len(found.elsewhere) == len(read.study.reading("anna").edits()) - 1


def test_a_journal_without_masks_is_replayed_on_what_is_found_anew(read: Read, small_scans: Path) -> None:
    journal = read.study.folder / "readers/anna/journal.jsonl"
    (found,) = replay(journal, scan=small_scans / "after")
    assert len(found.applied) == 1
    point = read.prepared.points[1]
    index = np.rint(point.volume.geometry.to_index(dab(read.prepared, 1, 1.0)["points"][0])).astype(int)  # type: ignore[index]
    assert found.opacity.array[tuple(index)] == found.opacity.scheme["ground_glass"].value


def test_a_study_without_a_registration_refuses_copies_only(copy: Study) -> None:
    (copy.comparison_folder(1, 2) / "transform.h5").unlink()
    (found,) = replay(copy.folder, reader="anna", timepoints=(1,))
    assert [(edit.kind, reason) for edit, reason in found.refused] == [
        ("carry", "it copies from the other timepoint, and there is none")
    ]


def test_another_image_in_the_place_of_the_first_is_refused(read: Read, small_scans: Path) -> None:
    with pytest.raises(InputRefused, match="not the image that timepoint 1 was read on"):
        replay(read.study.folder, reader="ben", timepoints=(1,), scan=small_scans / "after")


def test_scans_are_loaded_as_the_study_says(copy: Study) -> None:
    other = replace(ChestCtSettings(), load=replace(ChestCtSettings().load, padding="keep"))
    assert replay(copy.folder, reader="ben")[0].refused == ()
    with copy.planned(AnalysisPlan("chest_ct", other.to_dict())):
        pass
    loaded: list[str] = []

    def watch(source: object, series: object, *, settings: ChestCtSettings, progress: object) -> Volume:
        loaded.append(settings.load.padding)
        return load_ct(source, series, settings=settings, progress=progress)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ctreview.review.images.load_ct", watch)
        replay(copy.folder, reader="ben")
        replay(copy.folder, reader="ben", settings=ChestCtSettings())
    assert loaded == ["keep", "keep", "air", "air"]


def test_an_image_that_is_gone_is_said_and_can_be_given(read: Read, copy: Study, small_scans: Path) -> None:
    source = copy.folder / "timepoints/1/source.json"
    source.write_text(source.read_text().replace("before", "moved away"))
    with pytest.raises(InputRefused, match="the image of timepoint 1 is gone"):
        replay(copy.folder, reader="ben")
    (found,) = replay(copy.folder, reader="ben", timepoints=(1,), scan=small_scans / "before")
    assert np.array_equal(found.opacity.array, read.sessions["ben"][0].array)


def test_readers_and_readings(read: Read, copy: Study) -> None:
    with pytest.raises(WrongUse, match=r"2 readers.*anna, ben"):
        find_reading(read.study)
    with pytest.raises(WrongUse, match="'carla'"):
        find_reading(read.study, "carla")
    assert open_reading(read.study.folder / "readers/ben")[1].reader == "ben"
    find_reading(copy, "anna").next_version()
    assert find_reading(copy, "anna").version == 2
    assert find_reading(copy, "anna.1").version == 1
    assert [open_reading(copy.folder / "readers" / name)[1].version for name in ("anna", "anna.2")] == [1, 2]
    assert find_reading(copy, "anna.2").version == 2
    with pytest.raises(UnreadableFile):
        open_reading(read.study.folder / "timepoints")


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("readers/anna/journal.jsonl", {}),
        ("readers/anna/journal.jsonl", {"scan": Path("x"), "reader": "anna"}),
        ("", {"reader": "anna", "masks": Path("x")}),
        ("", {"reader": "anna", "scan": Path("x")}),
        ("", {"reader": "anna", "timepoints": (3,)}),
    ],
)
def test_options_that_do_not_go_together(read: Read, source: str, options: dict[str, object]) -> None:
    with pytest.raises(WrongUse):
        replay(read.study.folder / source, **options)  # type: ignore[arg-type]


def test_two_readers_masks_of_one_timepoint_do_not_overwrite_each_other(read: Read, tmp_path: Path) -> None:
    both = replay(read.study.folder, reader="anna", timepoints=(1,)) + replay(
        read.study.folder, reader="ben", timepoints=(1,)
    )
    with pytest.raises(WrongUse):
        write_replayed(both, tmp_path / "out")
    assert not (tmp_path / "out").exists()
