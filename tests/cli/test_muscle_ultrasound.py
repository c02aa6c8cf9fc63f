"""``ctreview muscle-ultrasound``."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from ctreview.phantom.muscle import CHILD_LEGS, make_legs, scan_ultrasound, write_ultrasound
from ctreview.report.document import schema


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path, tuple[str, str]]:
    """The right and the left thigh, the left one thinner, and a box from fascia to bone of each."""
    folder = tmp_path_factory.mktemp("ultrasound")
    legs = make_legs(replace(CHILD_LEGS, pelvis=False, spacing=(10.0, 0.5, 0.5), muscle_area=(1.0, 0.7)))
    boxes = []
    for side in ("right", "left"):
        frame = scan_ultrasound(legs, side)
        write_ultrasound([frame], folder / f"{side}.dcm")
        top = frame.top + round((frame.fat_mm + 1.3) / frame.pixel_mm)
        boxes.append(f"150,{top},250,{top + round(frame.muscle_mm / frame.pixel_mm)}")
    return folder / "right.dcm", folder / "left.dcm", (boxes[0], boxes[1])


def test_sides_are_set_against_each_other(command, files, tmp_path):
    right, left, boxes = files
    options = ("--region", boxes[0], "--region", boxes[1], "--side", "right", "--side", "left")
    said = command("muscle-ultrasound", right, left, *options, "--json", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    jsonschema.validate(document, schema(document["schema"]))
    (pair,) = document["comparisons"]
    assert pair["of"] == "sides"
    assert -40 < pair["thickness_percent"]["low"] < pair["thickness_percent"]["high"] < -10
    written = tmp_path / "out"
    assert json.loads((written / "muscle_ultrasound.json").read_text()) == document
    for page, words in (("report.html", "Left less right, "), ("report.de.html", "Links minus rechts, ")):
        text = (written / page).read_text()
        assert text.count("<image ") == 2
        assert words in text
        assert "PHANTOM" not in text
    assert re.search(r">[^<]*\d\.\d", text.partition("</style>")[2]) is None, "German numbers have a comma"
    assert document["measures"][0]["thickness_mm"] > document["measures"][1]["thickness_mm"] > 5


def test_a_painted_region_measures_as_its_box(command, files, tmp_path):
    right, _, boxes = files
    import pydicom

    data = pydicom.dcmread(right)
    painted = np.zeros((data.Rows, data.Columns), np.uint8)
    left, top, end, bottom = (int(one) for one in boxes[0].split(","))
    painted[top : bottom + 1, left : end + 1] = 255
    Image.fromarray(painted).save(tmp_path / "region.png")
    found = [
        json.loads(command("muscle-ultrasound", right, "--region", region, "--json").out)["measures"]
        for region in (boxes[0], tmp_path / "region.png")
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "region", ["1,2,3", "0,0,9999,9999", "5,0,10,3"], ids=["three numbers", "too large", "no scale"]
)
def test_a_region_that_cannot_be_is_refused(command, files, region):
    said = command("muscle-ultrasound", files[0], "--region", region)
    assert said.code == 2
    assert said.out == ""
