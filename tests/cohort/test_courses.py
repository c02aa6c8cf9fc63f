import json

import numpy as np
import pytest

from ctreview.cohort.case import plan_cases
from ctreview.cohort.courses import course_table, patch_table
from tests.cohort.pretended import pretended_cohort

CELLS = np.arange(10)


@pytest.fixture
def cohort(tmp_path):
    return pretended_cohort(tmp_path, 3, timepoints=3)


def with_patches(cohort, case):
    """Give a case two patches at either scan, of which one is in both."""
    from ctreview.cohort.patches import OpacityPatch, PairPatches

    patches = tuple(OpacityPatch(ml, "right_lung", cells) for ml, cells in ((9.0, CELLS), (4.0, CELLS + 50)))
    path = cohort.case_file(case)
    document = json.loads(path.read_text())
    document["patches"] = PairPatches(patches, patches, {(0, 0): 8.0}).to_dict()
    path.write_text(json.dumps(document))


def test_a_course_has_a_row_for_each_scan_and_region_with_both_changes(cohort):
    _, found = cohort.results()
    course = course_table(found).query("subject == 'S001' and region == 'lungs'").set_index("timepoint")
    assert list(course.index) == ["v0", "v1", "v2"]
    changes = {one.case.name: one.change["regions"][0]["change"]["opacity_ml"]["value"] for one in found if one.change}
    assert course.loc["v2", "since_baseline_value"] == changes["S001_v0_v2"]
    assert course.loc["v2", "since_previous_value"] == changes["S001_v1_v2"]
    assert course["days"].isna().tolist() == [False, False, False]


def test_patches_are_followed_up_to_the_first_pair_without_a_result(cohort):
    first, _, last = plan_cases(cohort.manifest())[:3]
    with_patches(cohort, first)
    table = patch_table(cohort.results()[1])
    assert set(table["timepoint"]) == {"v0", "v1"}
    with_patches(cohort, last)
    table = patch_table(cohort.results()[1]).query("timepoint == 'v2'").set_index("patch")
    assert table["event"].to_dict() == {1: "persists", 3: "gone", 4: "new"}
