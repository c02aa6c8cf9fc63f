from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import AlreadySigned, GridMismatch, InputRefused, StudyLocked, UnreadableFile, WrongUse
from ctreview.processes import computer_hash
from ctreview.study import Finding, KeyImage, Study
from ctreview.study.document import read_document, write_document
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((6, 8, 9), (2, 1.5, 1.5), origin=(-5, 3, 11), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(2, "consolidation", (0, 100, 200))))


def volume(seed: int = 0) -> Volume:
    return Volume(np.random.default_rng(seed).integers(-1000, 200, GRID.shape).astype(np.int16), GRID)


def labels(seed: int = 1) -> LabelMap:
    return LabelMap(np.random.default_rng(seed).integers(0, 3, GRID.shape).astype(np.uint8), GRID, SCHEME)


def edit(image: str = "abc", number: int = 0) -> Edit:
    return Edit("put", "opacity", {"number": number}, "anna", image, GRID)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")


def test_a_timepoint_comes_back_as_it_was_put_in(study: Study) -> None:
    image, masks = volume(), labels()
    number = study.add_timepoint(
        image, path="before", series="2", masks=[masks], measurements={"lungs": {"volume_ml": 3.5}}
    )
    again = Study.open(study.folder)
    assert again.timepoints == (number,) == (1,)
    assert again.source(1).digest == image.digest
    assert again.source(1).path.is_absolute()
    (found,) = again.masks(1, on=GRID)
    assert np.array_equal(found.array, masks.array)
    assert [label.key for label in found.scheme] == ["ground_glass", "consolidation"]
    assert read_document(again.folder / "timepoints/1/measurements.json", "ctreview.measurements/2")["lungs"]


def test_masks_of_another_grid_are_refused_and_leave_nothing(study: Study) -> None:
    elsewhere = replace(labels(), geometry=GRID.flip(0))
    with pytest.raises(GridMismatch):
        study.add_timepoint(volume(), path="x", series=None, masks=[elsewhere])
    assert study.timepoints == ()
    assert sorted(p.name for p in study.folder.iterdir()) == ["study.json"]


def test_two_readers_never_mix_and_edits_are_told_apart_by_image(study: Study) -> None:
    anna, ben = study.reading("anna"), study.reading("ben")
    anna.record(edit("first", 1))
    anna.record(edit("second", 2))
    ben.record(edit("first", 3))
    assert [e.payload["number"] for e in study.reading("anna").edits(image="first")] == [1]
    assert [e.payload["number"] for e in study.reading("ben").edits()] == [3]
    assert [(r.reader, r.version) for r in study.readings] == [("anna", 1), ("ben", 1)]


def test_a_signed_reading_is_read_only_and_a_correction_is_a_new_version(study: Study) -> None:
    first = study.reading("anna")
    first.record(edit(number=1))
    first.write_findings([Finding("spot", 1, (1, 2, 3), text="round")])
    first.sign({"verdict": "decreased"})
    assert first.state == "signed"
    for forbidden in (lambda: first.record(edit()), lambda: first.write_findings([]), lambda: first.sign({})):
        with pytest.raises(AlreadySigned, match="signed"):
            forbidden()
    second = first.next_version()
    second.record(edit(number=2))
    assert study.reading("anna") == second
    assert [e.payload["number"] for e in second.edits()] == [1, 2]
    assert [e.payload["number"] for e in first.edits()] == [1]
    assert second.findings() == first.findings()
    signature = first.signature()
    assert signature is not None
    assert signature["statement"] == {"verdict": "decreased"}
    with pytest.raises(AlreadySigned, match="version 2"):
        first.next_version()


def test_a_journal_that_was_changed_after_signing_is_noticed(study: Study) -> None:
    reading = study.reading("anna")
    reading.record(edit())
    reading.sign({})
    reading.journal.append(edit(number=7))
    with pytest.raises(InputRefused, match="changed after it was signed"):
        reading.signature()


@pytest.mark.parametrize("name", ["", "../anna", "a/b", "anna.2", ".hidden", "x" * 65, "a\nb"])
def test_a_reader_cannot_be_called_what_a_folder_cannot(study: Study, name: str) -> None:
    with pytest.raises(WrongUse, match="reader's name"):
        study.reading(name)


def test_findings_measure_themselves() -> None:
    finding = Finding("nodule", 1, (0, 0, 0), long_axis=((0, 0, 0), (0, 8, 0)), short_axis=((0, 0, 0), (6, 0, 0)))
    assert finding.long_mm == 8
    assert finding.ellipsoid_ml == pytest.approx(np.pi / 6 * 8 * 36 / 1000)
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding
    with pytest.raises(WrongUse, match="reticulation"):
        Finding("ground glass", 1, (0, 0, 0))
    with pytest.raises(WrongUse, match="long axis"):
        Finding("nodule", 1, (0, 0, 0), short_axis=((0, 0, 0), (6, 0, 0)))


def test_a_folder_without_study_or_with_a_newer_one_is_refused(tmp_path: Path, study: Study) -> None:
    with pytest.raises(UnreadableFile, match="no study"):
        Study.open(tmp_path)
    with pytest.raises(WrongUse, match="not empty"):
        Study.create(study.folder)
    before = {"schema": "ctreview.study/99"}
    (study.folder / "study.json").write_text(json.dumps(before))
    with pytest.raises(UnreadableFile, match="newer ctreview"):
        Study.open(study.folder)
    assert json.loads((study.folder / "study.json").read_text()) == before


def test_older_documents_are_brought_up_to_date_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_document(path, "ctreview.thing/1", {"a": 1})
    steps = {1: lambda c: c | {"b": c["a"] + 1}, 2: lambda c: c | {"c": c["b"] + 1}}
    assert read_document(path, "ctreview.thing/3", migrations=steps) == {"a": 1, "b": 2, "c": 3}
    with pytest.raises(UnreadableFile, match="version 1 is no longer read"):
        read_document(path, "ctreview.thing/3", migrations={2: steps[2]})
    path.write_text('{"schema": "ctreview.other/1"}')
    with pytest.raises(UnreadableFile, match=r"no ctreview\.thing"):
        read_document(path, "ctreview.thing/1")
    path.write_text("{")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_document(path, "ctreview.thing/1")


def test_only_one_process_writes_and_a_dead_one_does_not_block(study: Study) -> None:
    script = (
        "import sys, time\nfrom ctreview.study import Study\n"
        f"with Study.open({str(study.folder)!r}).writing():\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(StudyLocked, match="has this study open"), study.writing():
            pass
        assert study.timepoints == ()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    with study.writing():
        assert (study.folder / "open.lock").exists()
    assert not (study.folder / "open.lock").exists()


def test_who_writes_next_sweeps_what_a_kill_left_and_gets_back_what_was_there(study: Study) -> None:
    study.add_timepoint(volume(), path="before", series=None, masks=[labels()])
    ours = f"{computer_hash()}-{2**30}-abc"  # a process number above any
    aside = study.folder / f"timepoints/.old-{ours}"
    aside.mkdir()
    (study.folder / "timepoints/1").rename(aside / "1")
    half = study.folder / f"readers/anna/.writing-{ours}"
    half.mkdir(parents=True)
    assert study.timepoints == ()
    with study.writing():
        assert study.timepoints == (1,)
        assert study.masks(1)
    assert not aside.exists()
    assert not half.exists()


def test_a_lock_of_another_computer_is_never_taken_over(study: Study) -> None:
    holder = {"user": "anna", "computer": "elsewhere", "process": os.getpid(), "since": "2026-01-01"}
    (study.folder / "open.lock").write_text(json.dumps(holder))
    with pytest.raises(StudyLocked, match=r"anna .* on elsewhere"), study.writing():
        pass
    assert (study.folder / "open.lock").exists()


def test_key_images_are_each_readers_own_with_their_pictures(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    anna, ben = study.reading("anna"), study.reading("ben")
    one, two = (KeyImage(n, (1.0, 2.0, 3.0), "axial", -600.0, 1500.0, "MIP", 8.0) for n in (1, 2))
    anna.write_key_images([one, two], {one.id: b"one", two.id: b"two"})
    ben.write_key_images([two], {two.id: b"another"})
    again = Study.open(study.folder)
    assert again.reading("anna").key_images() == (one, two)
    assert again.reading("anna").picture(two) == b"two"
    assert again.reading("ben").picture(two) == b"another"
    assert again.reading("anna").holds_work
    anna.write_key_images([two], {})
    assert anna.picture(one) is None, "a picture goes with its key image"
    assert anna.picture(two) == b"two"
    anna.sign({})
    with pytest.raises(AlreadySigned):
        anna.write_key_images([], {})
    later = anna.next_version()
    assert (later.key_images(), later.picture(two)) == ((two,), b"two"), "a correction starts with a copy"
    assert one.shown == "axial, MIP 8 mm, W 1500 L \u2212600"
