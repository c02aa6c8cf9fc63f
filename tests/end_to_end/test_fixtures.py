"""What earlier versions wrote: it opens, replays to the same masks, and agrees to the same figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import jsonschema
import numpy as np
import pytest

from ctreview.cli import main
from ctreview.report.document import schema
from ctreview.report.folder import result_folder
from ctreview.study import Study
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.write import read_transform
from tests.repository.same_numbers import FIXTURES, document_numbers, readings, study_at

STORED: Mapping[str, Mapping[str, Any]] = json.loads((FIXTURES / "replayed.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stored study where its images are found."""
    return study_at(tmp_path_factory.mktemp("stored"))


def command(*words: str | Path) -> int:
    return main([str(word) for word in words])


@pytest.mark.parametrize("reading", readings())
def test_a_journal_makes_the_masks_that_it_made_when_it_was_written(study: Path, reading: str, tmp_path: Path) -> None:
    name = reading if reading.rpartition(".")[2].isdigit() else f"{reading}.1"
    assert command("edits", "replay", study, "--reader", name, "--out", tmp_path / "out", "--quiet") == 0
    found = document_numbers(json.loads((tmp_path / "out" / "replay.json").read_text(encoding="utf-8")))
    assert {key: found.get(key) for key in STORED[reading]} == STORED[reading]


def test_two_readers_agree_as_they_did(study: Path, tmp_path: Path) -> None:
    assert command("agree", "anna.1", "ben", "--study", study, "--out", tmp_path / "out", "--quiet") == 0
    found = document_numbers(json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8")))
    stored = document_numbers(json.loads((FIXTURES / "agreement.json").read_text(encoding="utf-8")))
    assert {key: found.get(key) for key in stored} == stored


def test_a_signed_reading_is_still_signed_and_its_words_are_there(study: Path) -> None:
    anna, corrected, ben = Study.open(study).readings
    signed = anna.signature()
    assert signed is not None
    assert signed["statement"]["verdict"] == "unchanged"
    assert set(signed["statement"]["words"]) == {"en", "de"}
    assert [one.state for one in (corrected, ben)] == ["draft", "draft"]


def test_findings_and_key_images_are_read(study: Path) -> None:
    anna, corrected, _ = Study.open(study).readings
    assert [one.type for one in anna.findings()] == ["nodule", "free text"]
    assert anna.findings()[0].long_mm == 8.0
    (image,) = corrected.key_images()
    assert (corrected.picture(image) or b"").startswith(b"\x89PNG")


def test_a_blinded_reading_stays_blinded(study: Path) -> None:
    assert [one.blinded() for one in Study.open(study).readings] == [None, None, 7]


@pytest.mark.parametrize("name", ["result/change.json", "segmentation/measurements.json"])
def test_a_document_follows_the_schema_that_it_names(name: str) -> None:
    document = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    jsonschema.validate(document, schema(document["schema"]))


def test_the_masks_of_a_result_are_what_its_document_counted() -> None:
    document = json.loads((FIXTURES / "result" / "change.json").read_text(encoding="utf-8"))
    opacity = read_segmentation(FIXTURES / "result" / "followup.seg.nrrd")[2]
    lungs = next(one for one in document["regions"] if one["region"] == "lungs")
    assert opacity.volume_ml("ground_glass") == pytest.approx(lungs["followup"]["ground_glass_ml"], abs=1e-5)


def test_the_transform_of_a_result_is_read() -> None:
    grids = [
        read_segmentation(FIXTURES / "result" / f"{when}.seg.nrrd")[0].geometry for when in ("baseline", "followup")
    ]
    transform = read_transform(FIXTURES / "result" / "transform.h5", *grids)
    assert transform.displacement is not None
    assert np.isfinite(transform.displacement).all()


def test_an_earlier_result_gives_way_to_a_new_one(tmp_path: Path) -> None:
    """It is known as a result of ctreview; other folders never give way."""
    copytree(FIXTURES / "result", tmp_path / "result")
    with result_folder(tmp_path / "result", overwrite=True) as draft:
        (draft / "new").touch()
    assert [path.name for path in (tmp_path / "result").iterdir()] == ["new"]
