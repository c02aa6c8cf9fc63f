"""``ctreview agree``."""

from __future__ import annotations

import json


def test_two_readers_in_words(command, read):
    said = command("agree", "anna", "ben", "--study", read.study.folder)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].split()[:2] == ["anna", "ben"]
    assert any(line.startswith("timepoint 2, left lung, ground glass") for line in lines)
    assert any(line.startswith("Opacity in zones of the lungs: bias ") and "12 pairs" in line for line in lines)
    assert any(line.startswith("Change of opacity in zones") and "ICC" in line for line in lines)


def test_the_document_is_what_is_written(command, read, tmp_path):
    folders = [read.study.folder / "readers" / name for name in ("anna", "ben")]
    said = command("agree", *folders, "--timepoint", "1", "--json", "--quiet", "--out", tmp_path / "out")
    assert (said.code, said.err) == (0, "")
    document = json.loads(said.out)
    assert document == json.loads((tmp_path / "out/agreement.json").read_text())
    assert {row["timepoint"] for row in document["rows"]} == {1}
    assert document["change"]["differences"] is None
    assert command("agree", *folders, "--out", tmp_path / "out").code == 2


def test_refusals(command, read):
    assert command("agree", "anna", "carla", "--study", read.study.folder).code == 2
    said = command("agree", "nowhere", "elsewhere")
    assert said.code == 3
    assert said.err.startswith("ctreview: ")
