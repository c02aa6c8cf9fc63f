"""``--accept-dense``: dense areas beside the lungs, offered by one run and accepted by the next."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from ctreview.cli.options import candidate_ids
from ctreview.edits import Journal
from ctreview.phantom import small_thorax
from ctreview.report import schema
from ctreview.volume.volume import Volume
from ctreview.volume.write import write_nifti


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adult whose right lung is filled at the back and the base, with an edge as sharp as that of an organ."""
    phantom = small_thorax(spacing_mm=3.0)
    lung = phantom.lungs.mask("right_lung")
    z, y, _ = np.nonzero(lung)
    level, depth = np.ogrid[: lung.shape[0], : lung.shape[1]]
    filled = lung & ((depth > y.max() - 0.3 * np.ptp(y)) & (level < z.min() + 0.5 * np.ptp(z)))[:, :, None]
    hu = phantom.volume.array.copy()
    hu[filled] = np.random.default_rng(3).normal(45, 12, np.count_nonzero(filled)).astype(hu.dtype)
    path = tmp_path_factory.mktemp("dense") / "scan.nii"
    write_nifti(Volume(hu, phantom.volume.geometry), path)
    return path


@pytest.fixture(scope="module")
def offered(scan, tmp_path_factory):
    """The document of a run that accepts nothing."""
    from ctreview.cli import main

    folder = tmp_path_factory.mktemp("offered") / "out"
    main(["segment", str(scan), "--out", str(folder), "--quiet", "--no-lobes"])
    return json.loads((folder / "measurements.json").read_text())


def consolidation(document):
    return document["regions"][0]["classes_ml"]["consolidation"]


def test_what_is_offered_is_listed_and_in_no_number(offered):
    jsonschema.validate(offered, schema("ctreview.measurements/2"))
    (one,) = offered["candidates"]
    assert (one["state"], one["class"], one["side"]) == ("open", None, "right_lung")
    assert consolidation(offered) < 0.1 * one["ml"]


def test_what_is_accepted_is_counted_and_recorded(command, scan, offered, tmp_path):
    (one,) = offered["candidates"]
    accept = ("--accept-dense", one["id"])
    done = command("segment", scan, "--out", tmp_path / "out", "--json", "--quiet", "--no-lobes", *accept)
    document = json.loads(done.out)
    assert (done.code, document["candidates"][0]["state"]) == (0, "accepted")
    assert consolidation(document) - consolidation(offered) == pytest.approx(one["ml"], rel=0.1)
    lung = [found["regions"][0]["volume_ml"] for found in (offered, document)]
    assert lung[1] - lung[0] == pytest.approx(one["ml"], rel=0.05)
    (record,) = Journal(tmp_path / "out" / "accepted.jsonl").read()
    assert (record.kind, record.payload["id"]) == ("accept_candidate", one["id"])


def test_the_records_replay_without_the_option(command, scan, offered, tmp_path):
    (one,) = offered["candidates"]
    command("segment", scan, "--out", tmp_path / "out", "--quiet", "--accept-dense", "all")
    replayed = command("edits", "replay", tmp_path / "out" / "accepted.jsonl", "--scan", scan, "--out", tmp_path / "r")
    assert replayed.code == 0
    (found,) = json.loads((tmp_path / "r" / "replay.json").read_text())["timepoints"]
    gained = found["corrected_ml"]["consolidation"] - found["proposed_ml"]["consolidation"]
    assert gained == pytest.approx(one["ml"], rel=0.1)


def test_the_summary_says_mL_and_id_of_each_in_one_line(command, scan, offered, tmp_path):
    (one,) = offered["candidates"]
    (line,) = [
        line
        for line in command("segment", scan, "--out", tmp_path / "out", "--quiet").out.splitlines()
        if line.startswith("Dense areas to confirm: 1")
    ]
    assert f"{one['ml']:.0f} mL {one['id']}" in line


def test_an_unknown_id_is_wrong_use_and_nothing_is_written(command, scan, offered, tmp_path):
    done = command("segment", scan, "--out", tmp_path / "out", "--quiet", "--accept-dense", "r0000000")
    assert done.code == 2
    assert offered["candidates"][0]["id"] in done.err
    assert not (tmp_path / "out").exists()


def test_ids_are_separated_by_commas_or_options():
    assert candidate_ids(["r1,l2", "r1"]) == ("r1", "l2")
    assert candidate_ids(None) == ()
