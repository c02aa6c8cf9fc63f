"""A cohort as a whole, with real comparisons of tiny scans."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctreview as ct
from ctreview.cohort.columns import MEASURE_COLUMNS
from ctreview.errors import ManifestRefused, WrongUse

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def manifest(tree, tmp_path_factory) -> Path:
    """A of two timepoints, and B, whose second scan cannot be compared: no lung is in it."""
    from ctreview.volume.load import load_volume
    from ctreview.volume.write import write_nifti

    folder = tmp_path_factory.mktemp("manifest")
    volume = load_volume(tree / "B/v2")
    block = np.full_like(volume.array, 40)
    block[:, :4] = -1000
    write_nifti(volume.with_array(block), folder / "empty.nii.gz")
    path = folder / "cohort.csv"
    path.write_text(
        "subject;timepoint;path;date;arm;fvc\n"
        f"A;v1;{tree}/A/v1;2021-09-03;drug;2,5\nA;v2;{tree}/A/v2;;drug;2,9\n"
        f"B;v1;{tree}/B/v1;;placebo;3,5\nB;v2;empty.nii.gz;2021-06-01;placebo;3,4\n"
    )
    return path


@pytest.fixture(scope="module")
def done(manifest, quick_settings, tmp_path_factory):
    """The cohort, run once."""
    out = tmp_path_factory.mktemp("out") / "results"
    return out, ct.cohort.run(manifest, out, settings=quick_settings)


def test_the_table_holds_what_a_comparison_says(done, tree, quick_settings):
    _, table = done
    comparison = ct.compare(tree / "A/v1", tree / "A/v2", settings=quick_settings)
    rows = table.query("subject == 'A' and measure == 'opacity_ml'").set_index("region")
    assert list(rows.index) == [found.region for found in comparison.regions]
    for found in comparison.regions:
        change, row = found.change["opacity_ml"], rows.loc[found.region]
        wanted = [found.baseline.opacity_ml, found.followup.opacity_ml, change.value, change.low, change.high]
        assert [row[name] for name in ("baseline_value", "followup_value", "value", "low", "high")] == pytest.approx(
            wanted, abs=1e-6
        )
        assert row["verdict"] == found.verdict


def test_covariates_stand_beside_the_numbers(done):
    row = done[1].query("subject == 'A'").iloc[0]
    assert (row["arm"], row["fvc"], row["baseline_fvc"], row["days"]) == ("drug", 2.9, 2.5, 66)


def test_a_failed_case_is_isolated_with_its_reason(done):
    out, table = done
    (row,) = table.query("subject == 'B'").to_dict("records")
    assert row["verdict"] == "failed"
    cases = pd.read_csv(out / "cases.csv").set_index("subject")
    assert cases.loc["B", "status"] == "failed"
    assert "lung" in cases.loc["B", "reason"]
    assert cases.loc["A", "status"] == "done"


def test_the_files_hold_the_table_and_no_identity(done):
    out, table = done
    pd.testing.assert_frame_equal(ct.cohort.load(out), table)
    written = pd.read_csv(out / "measures.csv")
    assert list(written.columns) == list(table.columns)
    assert written["value"].to_numpy() == pytest.approx(table["value"].to_numpy(), nan_ok=True)
    for path in out.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert not [secret for secret in (b"Quenneville", b"id-1", b"20210903") if secret in held]


def test_every_column_and_every_measure_stands_in_the_data_dictionary(done):
    out, table = done
    words = pd.read_csv(out / "data_dictionary.csv").query("table == 'measures'")["name"]
    assert set(table.columns) - {"baseline_fvc"} <= set(words)
    assert set(table["measure"]) <= set(words)
    assert [column.name for column in MEASURE_COLUMNS] == list(table.columns[: len(MEASURE_COLUMNS)])


def test_a_picture_of_each_case_shows_lungs_and_opacity_in_both_scans(done):
    picture = json.loads((done[0] / "pictures" / "A_v1_v2.json").read_text())
    for when in ("baseline", "followup"):
        side = picture[when]
        assert side["uri"].startswith("data:image/jpeg;base64,")
        assert len({colour for colour, _ in side["outlines"]}) >= 2
        assert side["width_mm"] > 100


def test_a_second_run_compares_nothing(done, manifest, quick_settings):
    out, table = done
    before = {path: path.stat().st_mtime_ns for path in (out / "cases").iterdir()}
    again = ct.cohort.run(manifest, out, settings=quick_settings)
    assert {path: path.stat().st_mtime_ns for path in (out / "cases").iterdir()} == before
    pd.testing.assert_frame_equal(again, table)


def test_bad_rows_are_refused_all_at_once_before_anything_is_run(tree, tmp_path, quick_settings):
    path = tmp_path / "m.csv"
    path.write_text(f"subject,timepoint,path\nA,v1,{tree}/A/v1\nA,v2,nowhere\nB,v1,{tree}/B/v1\nB,v2,{tree}/A/v3\n")
    with pytest.raises(ManifestRefused) as refused:
        ct.cohort.run(path, settings=quick_settings)
    assert [fault.line for fault in refused.value.faults] == [3, 5]
    assert not list((tmp_path / "m-results" / "cases").iterdir())


def test_a_folder_of_something_else_is_left_alone(manifest, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(WrongUse, match="no cohort"):
        ct.cohort.run(manifest, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


RUN = """
import sys, ctreview as ct
from dataclasses import replace
from ctreview.change import IntervalSettings
from ctreview.registration import RegistrationSettings
standard = RegistrationSettings()
registration = replace(standard, affine_stages=standard.affine_stages[:1], stages=standard.stages[:1])
settings = ct.ChestCtSettings(registration=registration, interval=IntervalSettings(draws=100), lobes=False)
ct.cohort.run(sys.argv[1], sys.argv[2], settings=settings, workers=1)
"""


def test_killed_in_the_middle_it_goes_on_and_loses_nothing(tree, tmp_path, quick_settings):
    path, out = tmp_path / "m.csv", tmp_path / "out"
    path.write_text(f"subject,timepoint,path\nA,v1,{tree}/A/v1\nA,v2,{tree}/A/v2\nB,v1,{tree}/B/v1\nB,v2,{tree}/B/v2\n")
    first = out / "cases" / "A_v1_v2.json"
    program = subprocess.Popen([sys.executable, "-c", RUN, str(path), str(out)], cwd=REPOSITORY)
    while not first.exists():
        assert program.poll() is None
        time.sleep(0.05)
    time.sleep(float(np.random.default_rng().uniform(0.0, 1.0)))
    program.send_signal(signal.SIGKILL)
    program.wait()
    written = first.stat().st_mtime_ns
    for file in (out / "cases").glob("*.json"):
        json.loads(file.read_text())
    table = ct.cohort.run(path, out, settings=quick_settings)
    assert first.stat().st_mtime_ns == written
    assert set(table["subject"]) == {"A", "B"}
    assert "failed" not in set(table["verdict"])
    assert not list((out / "cases").glob(".*"))
