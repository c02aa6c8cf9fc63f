"""The recipe for SLURM, with jobs of this machine."""

import importlib

import pytest

pytest.importorskip("submitit")


def test_jobs_look_at_headers_and_say_what_they_found(small_scans, tmp_path):
    from ctreview.cohort import read_manifest
    from ctreview.cohort.folder import CohortFolder
    from ctreview.cohort.plan import plan_cohort
    from ctreview.recipes.chest_ct import ChestCtSettings

    recipe = importlib.import_module("docs.cohort_on_slurm")
    path = tmp_path / "m.csv"
    path.write_text(f"subject,timepoint,path\nP,v1,{small_scans}/after\nP,v2,{small_scans}/before\n")
    workers = recipe.SlurmWorkers(tmp_path / "jobs", cluster="local")
    plan = plan_cohort(
        read_manifest(path), CohortFolder(tmp_path / "out"), workers, settings=ChestCtSettings(), keep=False
    )
    (fault,) = plan.manifest.faults
    assert fault.line == 3
    assert "made before that of line 2" in fault.message
