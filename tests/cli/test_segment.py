"""``ctreview segment``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from ctreview.report import schema
from tests.cli.conftest import REPOSITORY, SECRETS


@pytest.fixture(scope="module")
def done(scans, tmp_path_factory):
    """One run in a process of its own: its outcome and its folder."""
    folder = tmp_path_factory.mktemp("segment") / "result"
    line = [sys.executable, "-m", "ctreview", "segment", str(scans / "before"), "--out", str(folder), "--json"]
    return subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300), folder


def test_stdout_is_the_document_and_nothing_else(done):
    said, folder = done
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    jsonschema.validate(document, schema("ctreview.measurements/2"))
    assert said.stdout == (folder / "measurements.json").read_text()
    assert said.stderr == ""


def test_the_folder_holds_what_is_promised(done):
    _, folder = done
    held = {path.name for path in folder.iterdir()}
    assert held == {"segmentation.seg.nrrd", "measurements.json", "measurements.csv", "provenance.json"}
    assert [path.name for path in folder.parent.iterdir()] == ["result"]


def test_the_planted_ground_glass_is_there(done):
    """60 mL right and 40 mL left were planted in a coarse phantom; the exact figures are tested with the recipe."""
    regions = {one["region"]: one for one in json.loads(done[0].stdout)["regions"]}
    assert 30 < regions["lungs"]["classes_ml"]["ground_glass"] < 220
    right, left = (regions[side]["classes_ml"]["ground_glass"] for side in ("right_lung", "left_lung"))
    assert right > left


def test_nobody_is_named_anywhere(done):
    said, folder = done
    written = b"".join(path.read_bytes() for path in folder.iterdir()) + said.stdout.encode() + said.stderr.encode()
    assert not [secret for secret in SECRETS if secret.encode() in written]


def test_identity_is_written_only_on_request(command, scans, tmp_path):
    said = command("segment", scans / "before", "--out", tmp_path / "out", "--identify", "--json", "--age", "38")
    assert said.code == 0
    assert json.loads(said.out)["scan"]["patient"]["id"] == SECRETS[0]


def test_quiet_and_the_table(command, scans, tmp_path):
    said = command("segment", scans / "before", "--out", tmp_path / "out", "--quiet", "--opacity-sigmas", "3")
    assert said.code == 0
    assert said.err == ""
    assert "segmentation.seg.nrrd" in said.out
    assert "right lung" in said.out
    settings = json.loads((tmp_path / "out" / "provenance.json").read_text())["settings"]
    assert settings["opacity"]["sigmas"] == 3.0


def test_a_result_gives_way_only_when_asked(command, scans, tmp_path):
    words = ("segment", scans / "before", "--out", tmp_path / "out", "--quiet")
    assert command(*words).code == 0
    first = (tmp_path / "out" / "measurements.json").stat().st_mtime_ns
    assert command(*words).code == 2
    assert (tmp_path / "out" / "measurements.json").stat().st_mtime_ns == first
    assert command(*words, "--overwrite").code == 0
    assert (tmp_path / "out" / "measurements.json").stat().st_mtime_ns > first


def stopped_while_writing(scans: Path, folder: Path, number: int) -> subprocess.Popen[str]:
    """Start a run, wait until it writes, and send it a signal."""
    # Many classes of nothing would not slow it down; a pause in the middle of writing is put in from outside.
    slow = (
        # a shell that starts the tests in the background makes them ignore Ctrl-C
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys, time; from ctreview.report import folder; real = folder.write_csv\n"
        "def late(*args): real(*args); time.sleep(60)\n"
        "folder.write_csv = late\n"
        "from ctreview.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    line = [sys.executable, "-c", slow, "segment", str(scans / "before"), "--out", str(folder)]
    run = subprocess.Popen(line, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 120
    while not list(folder.parent.glob(".writing-*/measurements.csv")):
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < limit
        time.sleep(0.05)
    os.kill(run.pid, number)
    return run


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_leaves_nothing(scans, tmp_path, number, code):
    run = stopped_while_writing(scans, tmp_path / "out", number)
    out, err = run.communicate(timeout=60)
    assert run.returncode == code
    assert out == ""
    assert err.startswith("ctreview: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_killing_leaves_no_result_that_looks_whole(command, scans, tmp_path):
    run = stopped_while_writing(scans, tmp_path / "out", signal.SIGKILL)
    run.communicate(timeout=60)
    assert not (tmp_path / "out").exists()
    assert all(path.name.startswith(".writing-") for path in tmp_path.iterdir())
    assert command("segment", scans / "before", "--out", tmp_path / "out", "--quiet").code == 0
