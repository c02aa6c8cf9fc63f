"""``ctreview timeline``."""

from __future__ import annotations

import json

import jsonschema
import pytest

from ctreview.cli import main
from ctreview.report import schema


def test_the_template_it_prints_is_drawn(tmp_path, capsys):
    assert main(["timeline", "--template"]) == 0
    (tmp_path / "clinic.csv").write_text(capsys.readouterr().out, encoding="utf-8")
    out = tmp_path / "out"
    assert main(["timeline", str(tmp_path / "clinic.csv"), "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema("ctreview.timeline/1"))
    assert document["dates"] == "days"
    assert document["scans"][1]["when"]["earliest"] == 63
    assert {one.name for one in out.iterdir()} == {
        "timeline.en.html",
        "timeline.de.html",
        "timeline.json",
        "provenance.json",
    }
    assert "2024-03-04" not in "".join(one.read_text(encoding="utf-8") for one in out.iterdir())


def test_the_published_case_keeps_its_months(tmp_path, capsys):
    assert main(["timeline", "--example", "--out", str(tmp_path / "out"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["dates"] == "calendar"
    assert document["scans"][0]["when"]["earliest"] == "2021-09-01"


@pytest.mark.parametrize("arguments", [[], ["--out", "x"], ["x.csv"], ["x.csv", "--example", "--out", "x"]])
def test_what_is_missing_is_named(arguments, capsys):
    assert main(["timeline", *arguments]) == 2
    assert "ctreview timeline FILE.csv --out DIR" in capsys.readouterr().err


def test_bad_rows_are_named_together(tmp_path, capsys):
    path = tmp_path / "clinic.csv"
    path.write_text("kind,name,value,date\nscore,CMAS,53,2021-09\nscore,CMAS,x,2021-09\n", encoding="utf-8")
    assert main(["timeline", str(path), "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    assert "line 2" in said
    assert "line 3" in said


CHANGE = {
    "interval_days": 63,
    "regions": [
        {
            "region": "lungs",
            "baseline": {"opacity_ml": 120.5},
            "followup": {"opacity_ml": 8.25},
            "change": {"opacity_ml": {"value": -112.25, "low": -120.0, "high": -104.0}},
            "verdict": "decreased",
        }
    ],
}
NUMBERS = [120.5, 8.25, -112.25]


@pytest.mark.parametrize("release", ["R4B", "R5"])
def test_measurements_go_out_as_fhir_and_come_back_on_the_command_line(release, tmp_path, capsys):
    result, out = tmp_path / "result", tmp_path / "out"
    result.mkdir()
    (result / "change.json").write_text(json.dumps(CHANGE), encoding="utf-8")
    studies = ["--imaging-study", "ImagingStudy/1", "--imaging-study", "ImagingStudy/2"]
    assert main(["timeline", "--results", str(result), "--fhir", release, *studies, "--out", str(out)]) == 0
    bundle = out / "measurements.2.fhir.json"
    assert "ImagingStudy/2" in bundle.read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["timeline", str(bundle), "--out", str(tmp_path / "again"), "--json"]) == 0
    assert [one["value"] for one in json.loads(capsys.readouterr().out)["values"]] == NUMBERS


def test_a_bundle_needs_something_measured(tmp_path, capsys):
    assert main(["timeline", "--example", "--fhir", "R5", "--out", str(tmp_path / "out")]) == 2
    assert "--results" in capsys.readouterr().err
