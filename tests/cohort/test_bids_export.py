import json
import re

import pandas as pd
import pytest

from ctreview.cohort import Manifest, ManifestRow
from ctreview.cohort.bids_export import export_bids
from ctreview.cohort.folder import CohortFolder
from ctreview.errors import WrongUse
from tests.cohort.pretended import pretended_cohort

ENTITY = r"(?:[a-z]+-[A-Za-z0-9]+_)+[a-z]+\.(?:tsv|json)"


@pytest.fixture
def exported(tmp_path):
    cohort = pretended_cohort(tmp_path, 10)
    return cohort, export_bids(cohort.path, tmp_path / "bids")


def test_the_layout_is_that_of_a_derivative_and_ct_is_marked(exported):
    _, out = exported
    description = json.loads((out / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"][0]["Name"] == "ctreview"
    assert "**/ct/" in (out / ".bidsignore").read_text()
    assert "not part of BIDS" in (out / "README").read_text()
    for path in out.glob("sub-*/ses-*/ct/*"):
        assert re.fullmatch(ENTITY, path.name)
        assert path.name.startswith("_".join(path.parts[-4:-2]))


def test_a_file_holds_the_measures_of_its_case_and_describes_them(exported):
    cohort, out = exported
    (path,) = out.glob("sub-S001/ses-v1/ct/*_base-v0_change.tsv")
    written = pd.read_csv(path, sep="\t", na_values="n/a")
    wanted = cohort.measures().query("subject == 'S001'")
    assert written["value"].to_numpy() == pytest.approx(wanted["value"].to_numpy(dtype=float), nan_ok=True)
    said = json.loads(path.with_suffix(".json").read_text())
    assert set(written.columns) <= set(said)
    assert said["FailedChecks"] == ["motion"]


def test_who_has_no_result_is_among_the_participants(exported):
    people = pd.read_csv(exported[1] / "participants.tsv", sep="\t").set_index("participant_id")
    assert len(people) == 10
    assert people.loc["sub-S010", "pairs_without_result"] == 1
    assert people.loc["sub-S001", "arm"] == "drug"


def test_names_that_would_share_a_label_are_told_apart(tmp_path):
    cohort = CohortFolder(tmp_path / "results")
    names = ("P-1", "P 1", "Ω")
    cohort.begin(Manifest(tuple(ManifestRow(2 + n, name, "v1", tmp_path) for n, name in enumerate(names))))
    people = pd.read_csv(export_bids(cohort.path, tmp_path / "bids") / "participants.tsv", sep="\t")
    assert people["participant_id"].nunique() == 3
    assert all(re.fullmatch(r"sub-[A-Za-z0-9]+", label) for label in people["participant_id"])


def test_a_folder_with_something_in_it_is_left_alone(exported):
    cohort, out = exported
    with pytest.raises(WrongUse, match="holds something"):
        export_bids(cohort.path, out)
