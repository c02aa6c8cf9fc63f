"""``ctreview info``."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import SECRETS


def test_it_lists_series_with_their_grid(command, scans):
    said = command("info", scans, "--json")
    document = json.loads(said.out)
    assert said.code == 0
    assert document["schema"] == "ctreview.info/1"
    assert [one["usable"] for one in document["series"]] == [True, True]
    assert len({one["key"] for one in document["series"]}) == 2
    for one in document["series"]:
        assert one["modality"] == "CT"
        assert one["spacing_mm"] == [4.0, 4.0, 4.0]
        assert one["shape"][0] == one["files"]
        assert one["posture"] == "HFS"


def test_the_table_has_a_line_for_each_series(command, scans):
    said = command("info", scans)
    assert said.code == 0
    assert said.err == ""
    assert said.out.count("CT, axial") == 2
    assert said.out.count("4 mm slice spacing") == 2


def test_it_says_which_series_may_be_compared(command, scans):
    said = command("info", scans, "--json")
    (pair,) = json.loads(said.out)["pairs"]
    assert pair["comparable"] is True
    assert "may be compared" in command("info", scans).out


@pytest.mark.data
def test_two_kernels_may_be_compared_with_a_remark_about_the_kernel(command, shared_data):
    said = command("info", shared_data / "two_kernels", "--json")
    (pair,) = json.loads(said.out)["pairs"]
    assert pair["comparable"] is True
    assert any("B40f" in remark and "B70f" in remark for remark in pair["remarks"])


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_nobody_is_named(command, scans, words):
    said = command("info", scans, *words)
    assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_a_folder_without_images_is_refused(command, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    said = command("info", tmp_path)
    assert said.code == 3
    assert said.out == ""
    assert str(tmp_path) in said.err


def test_a_folder_that_does_not_exist_is_refused(command, tmp_path):
    assert command("info", tmp_path / "nowhere").code == 3


@pytest.mark.data
def test_a_series_that_cannot_be_used_says_why(command, shared_data):
    said = command("info", shared_data / "odd_series", "--json")
    refused = [one for one in json.loads(said.out)["series"] if not one["usable"]]
    assert refused
    assert all(one["refusal"] for one in refused)
    assert any("missing" in one["refusal"] for one in refused)
