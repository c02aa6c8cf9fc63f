"""The command; what a cohort is tested by is in `tests/cohort`."""

import json

import pytest


@pytest.fixture
def manifest(small_scans, tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(f"subject,timepoint,path\nP,v1,{small_scans}/before\nP,v2,{small_scans}/after\nQ,v1,nowhere\n")
    return path


def test_bad_rows_are_named_and_nothing_is_run(command, manifest, tmp_path):
    done = command("cohort", manifest, "--out", tmp_path / "out")
    assert done.code == 3
    assert "line 4" in done.err
    assert not list(tmp_path.glob("out/cases/*"))


def test_a_dry_run_says_what_would_be_run_and_writes_nothing(command, manifest, tmp_path):
    done = command("cohort", manifest, "--out", tmp_path / "out", "--dry-run", "--skip-bad-rows", "--json")
    assert done.code == 0
    assert json.loads(done.out)["to_run"] == ["P_v1_v2"]
    assert not (tmp_path / "out").exists()


def test_a_tree_of_folders_becomes_a_manifest_to_be_looked_at(command, small_scans, tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "P").symlink_to(small_scans)
    done = command("cohort", tmp_path / "tree", "--out", tmp_path / "out")
    assert done.code == 0
    written = (tmp_path / "out" / "manifest.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in written[1:]] == [["P", "before"], ["P", "after"]]
    assert command("cohort", tmp_path / "out/manifest.csv", "--out", tmp_path / "out", "--dry-run").code == 0


def test_where_none_could_be_run_the_code_is_3_else_4_or_0():
    from ctreview.cohort.runner import CohortCounts

    codes = [
        CohortCounts(*counts, run=1).exit_code for counts in ((2, 0, 0), (1, 1, 0), (0, 1, 0), (1, 0, 1), (0, 0, 2))
    ]
    assert codes == [0, 4, 4, 4, 3]


def test_the_sites_own_limit_of_change_takes_the_place_of_the_standard_one(tmp_path):
    from ctreview.cli.options import with_limit_of_change
    from ctreview.cohort.repeatability import RepeatabilityStudy, repeatability_of_pairs, write_repeatability
    from ctreview.recipes.chest_ct import ChestCtSettings

    pairs = [20.0, 40.0, 60.0, 80.0, 100.0] * 4, [23.0, 37.0, 63.0, 77.0, 103.0] * 4
    study = RepeatabilityStudy((repeatability_of_pairs(*pairs),), {})
    write_repeatability(study, tmp_path / "repeatability.json")
    settings = with_limit_of_change(ChestCtSettings(), tmp_path / "repeatability.json")
    assert settings.verdict.least_ml == pytest.approx(1.96 * 3.0, abs=1e-5)
    assert settings.verdict.share_of_opacity == 0.0
