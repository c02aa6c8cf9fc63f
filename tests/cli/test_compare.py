"""``ctreview compare``, end to end on two coarse scans."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import jsonschema
import pytest

from ctreview.report import schema
from tests.cli.conftest import REPOSITORY, SECRETS

pytestmark = pytest.mark.slow

PROMISED = {
    "change.json",
    "change.csv",
    "baseline.seg.nrrd",
    "followup.seg.nrrd",
    "provenance.json",
    "report.html",
    "report.de.html",
    "scores.json",
    "report.en.txt",
    "report.de.txt",
}


@pytest.fixture(scope="module")
def done(scans, tmp_path_factory):
    """One run in a process of its own, as a person would."""
    folder = tmp_path_factory.mktemp("compare") / "result"
    line = [sys.executable, "-m", "ctreview", "compare", str(scans / "before"), str(scans / "after")]
    line += ["--out", str(folder), "--json", "--registration-grid-mm", "3.5", "--no-lobes"]
    return subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=600), folder


def test_stdout_is_the_document_and_nothing_else(done):
    said, folder = done
    assert said.returncode in {0, 4}, said.stderr
    document = json.loads(said.stdout)
    jsonschema.validate(document, schema("ctreview.change/2"))
    assert said.stdout == (folder / "change.json").read_text()
    assert said.stderr == ""


def test_the_exit_code_says_whether_there_is_a_verdict(done):
    said, _ = done
    verdict = json.loads(said.stdout)["regions"][0]["verdict"]
    assert said.returncode == (4 if verdict == "not_interpretable" else 0)


def test_the_folder_holds_what_is_promised(done):
    said, folder = done
    held = {path.name for path in folder.iterdir()}
    registered = {"fate.seg.nrrd", "transform.h5"} if json.loads(said.stdout)["registration"] else set()
    assert held == PROMISED | registered
    assert [path.name for path in folder.parent.iterdir()] == ["result"]


def test_nobody_is_named_anywhere(done):
    said, folder = done
    written = b"".join(path.read_bytes() for path in folder.iterdir()) + said.stdout.encode() + said.stderr.encode()
    assert not [secret for secret in SECRETS if secret.encode() in written]


def test_less_is_found_where_less_was_planted(done):
    change = json.loads(done[0].stdout)["regions"][0]["change"]["classes_ml"]["ground_glass"]
    assert change["value"] < 0
    assert change["low"] <= change["value"] <= change["high"]


def test_a_flag_reaches_the_settings(done):
    settings = json.loads((done[1] / "provenance.json").read_text())["settings"]
    assert settings["registration"]["grid_mm"] == 3.5


def test_two_patients_are_compared_on_request_and_get_no_verdict(command, scans, tmp_path):
    import pydicom

    other = shutil.copytree(scans / "after", tmp_path / "other")
    for path in other.glob("*.dcm"):
        image = pydicom.dcmread(path)
        image.PatientID = "SOMEBODY-ELSE"
        image.save_as(path)
    words = ("compare", scans / "before", other, "--out", tmp_path / "out")
    said = command(*words, "--allow-different-patients", "--quiet")
    assert said.code == 4
    assert said.err == ""
    assert "not interpretable" in said.out
    assert said.out.index("No verdict: The two headers name different patients") < said.out.index("mL")
    document = json.loads((tmp_path / "out" / "change.json").read_text())
    assert {region["verdict"] for region in document["regions"]} == {"not_interpretable"}
    assert "SOMEBODY-ELSE" not in said.out + (tmp_path / "out" / "report.html").read_text()


def test_one_patient_under_two_ids_is_compared_when_it_is_stated(command, scans, tmp_path):
    import pydicom

    other = shutil.copytree(scans / "after", tmp_path / "other")
    for path in other.glob("*.dcm"):
        image = pydicom.dcmread(path)
        image.PatientID = "OF-ANOTHER-HOSPITAL"
        image.save_as(path)
    words = ("compare", scans / "before", other, "--out", tmp_path / "out", "--same-patient", "--quiet")
    said = command(*words)
    assert "stated that it is one patient" in said.out
    document = json.loads((tmp_path / "out" / "change.json").read_text())
    stated = next(check for check in document["checks"] if check["name"] == "same_patient_stated")
    assert stated["effect"] == "tells"
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["stated"] == {"same_patient": True}
    assert "stated that it is one patient" in (tmp_path / "out" / "report.html").read_text()
    assert "angegeben" in (tmp_path / "out" / "report.de.txt").read_text()


def test_a_readers_corrections_are_replayed(command, read, scans, tmp_path):
    words = ("compare", scans / "before", scans / "after", "--json", "--quiet")
    said = command(*words, "--out", tmp_path / "out", "--edits", read.study.folder / "readers/anna")
    assert said.code in {0, 4}
    whole = json.loads(said.out)["regions"][0]
    for key, session in zip(("baseline", "followup"), read.sessions["anna"], strict=True):
        assert whole[key]["opacity_ml"] == pytest.approx(session.labels.volume_ml("ground_glass", "consolidation"))
    refused = command(*words, "--out", tmp_path / "again", "--edits", read.study.folder)
    assert refused.code == 2
    assert "2 readers" in refused.err
    assert command(*words, "--out", tmp_path / "again", "--edits", tmp_path / "none.jsonl").code == 3
