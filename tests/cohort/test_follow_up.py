"""Three scans of one child, whose opacity shrinks; and the same two scans the other way round."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

import ctreview as ct
from ctreview.clinical import ClinicalTimeline
from ctreview.clinical.partial_dates import parse_day
from ctreview.clinical.timeline import ScanTime, Text
from ctreview.cohort.patches import PairPatches, patches_of_pair
from ctreview.dicom.acquisition import Acquisition
from ctreview.errors import WrongUse
from ctreview.volume import Geometry, Volume

MIRRORED = {"resolved": "new", "persistent": "persistent_followup", "worsened": "improved"}


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture(scope="module")
def followed(tree, quick_settings, kept):
    def keep(early, late, comparison):
        kept[early, late] = comparison

    scans = [tree / "A" / name for name in ("v1", "v2", "v3")]
    return ct.follow(scans, names=["v1", "v2", "v3"], settings=quick_settings, on_comparison=keep)


def test_each_scan_is_compared_with_the_first_and_the_one_before(followed, kept):
    assert set(kept) == {(0, 1), (0, 2), (1, 2)}
    assert followed.against_baseline[0] is followed.against_previous[0]


def test_the_course_holds_volumes_over_time_and_both_changes(followed, kept):
    course = followed.table.query("region == 'right_lung'").set_index("timepoint")
    assert list(course["days"].iloc[1:]) == [66, 151]
    assert course["opacity_ml"].is_monotonic_decreasing
    change = kept[1, 2]["right_lung"].change["opacity_ml"]
    wanted = [change.value, change.low, change.high]
    assert list(course.loc["v3", [f"since_previous_{end}" for end in ("value", "low", "high")]]) == pytest.approx(
        wanted
    )
    change = kept[0, 2]["right_lung"].change["opacity_ml"]
    assert course.loc["v3", "since_baseline_value"] == pytest.approx(change.value)


def test_the_two_patches_keep_their_identity(followed):
    patches = followed.patch_table
    first = patches.query("timepoint == 'v1'")
    assert len(first) == 2
    for row in first.itertuples():
        later = patches.query(f"patch == {row.patch} and timepoint == 'v2'")
        assert list(later["event"]) == ["persists"]
        assert later["region"].iloc[0].startswith(row.region.partition("/")[0])
        assert later["ml"].iloc[0] < row.ml


def test_patches_survive_being_written(kept):
    found = patches_of_pair(kept[0, 1])
    again = PairPatches.from_dict(found.to_dict())
    assert again.common_ml == found.common_ml
    for one, other in zip(found.baseline, again.baseline, strict=True):
        assert (one.ml, one.region) == (other.ml, other.region)
        assert list(one.cells) == list(other.cells)


@pytest.fixture(scope="module")
def both_ways(tree, quick_settings):
    """Two scans without their dates, compared in either order."""
    settings = replace(quick_settings, interval=ct.ChestCtSettings().interval)
    early, late = (undated(tree / "A" / name) for name in ("v1", "v2"))
    return ct.compare(early, late, settings=settings), ct.compare(late, early, settings=settings)


def undated(path):
    volume = ct.load_volume(path)
    return replace(volume, acquisition=replace(volume.acquisition, acquired=None))


def alike(one, other):
    return abs(one - other) <= max(0.5, 0.01 * abs(one))


def test_what_is_measured_from_b_to_a_mirrors_what_is_measured_from_a_to_b(both_ways):
    forth, back = both_ways
    for found in forth.regions:
        mirror = back[found.region]
        assert alike(found.baseline.opacity_ml, mirror.followup.opacity_ml)
        assert alike(found.followup.opacity_ml, mirror.baseline.opacity_ml)
        change, reverse = found.change["opacity_ml"], mirror.change["opacity_ml"]
        assert alike(change.value, -reverse.value)
        assert alike(change.low, -reverse.high), found.region
        assert alike(change.high, -reverse.low), found.region


def test_fates_from_b_to_a_mirror_those_from_a_to_b(both_ways):
    forth, back = both_ways
    for found in forth.regions:
        for fate, mirrored in MIRRORED.items():
            assert alike(found.fate_ml[fate], back[found.region].fate_ml[mirrored])
            if fate != "worsened":
                assert alike(found.fate_ml[mirrored], back[found.region].fate_ml[fate])
    assert {forth.verdict, back.verdict} == {"decreased", "increased"}


def test_one_scan_is_no_course(tree):
    with pytest.raises(WrongUse):
        ct.follow([tree / "A" / "v1"])


def test_a_timeline_that_does_not_fit_is_refused_before_anything_is_compared(monkeypatch):
    grid = Geometry.aligned((2, 2, 2), (1.0,) * 3, frame_of_reference="source:test")
    scans = [
        Volume(np.zeros(grid.shape, np.int16), grid, acquisition=Acquisition(acquired=datetime(2021, 9, day)))
        for day in (1, 11)
    ]
    said = [ScanTime(Text(f"CT {number}"), parse_day(day)) for number, day in ((1, "0"), (2, "63"))]
    clinical = ClinicalTimeline(in_calendar=False).with_scans(said)
    monkeypatch.setattr("ctreview.cohort.follow_up.compare", lambda *_, **__: pytest.fail("it was compared"))
    with pytest.raises(WrongUse, match="lies 63 days after the first scan, in the result 10"):
        ct.follow(scans, clinical=clinical)
