import pytest

from ctreview.lung.visual_scores import (
    LOBES,
    ZONES,
    ZoneContent,
    alveolar_grade,
    extent_grade,
    propose_alveolar_score,
    propose_jdm_ild_score,
    propose_volumetric_extent,
)


@pytest.mark.parametrize(
    ("percent", "grade"),
    [(0, 0), (4.9, 1), (5, 2), (24.9, 2), (25, 3), (49.9, 3), (50, 4), (75, 4), (75.1, 5), (100, 5)],
)
def test_alveolar_grades_change_at_the_published_limits(percent, grade):
    assert alveolar_grade(percent) == grade


@pytest.mark.parametrize(("percent", "grade"), [(0, 0), (29.9, 1), (30, 2), (59.9, 2), (60, 3)])
def test_extent_grades_change_at_the_published_limits(percent, grade):
    assert extent_grade(percent) == grade


def test_the_alveolar_score_is_the_mean_of_five_lobes_by_ground_glass_alone():
    lobes = {name: ZoneContent(100.0, 0.0, 90.0) for name in LOBES}
    lobes["right_middle_lobe"] = ZoneContent(100.0, 30.0, 0.0)
    lobes["left_lower_lobe"] = ZoneContent(100.0, 80.0, 0.0)
    score = propose_alveolar_score(lobes)
    assert [item.value for item in score.items] == [0, 3, 0, 0, 5]
    assert score.total == pytest.approx(1.6)
    assert propose_alveolar_score({name: lobes[name] for name in LOBES[:4]}) is None


def test_a_zone_with_consolidation_has_its_pattern_and_no_total_is_made_up():
    zones = {name: ZoneContent(100.0, 0.0, 0.0) for name in ZONES}
    zones["right_lung/basal"] = ZoneContent(100.0, 20.0, 15.0)
    zones["left_lung/apical"] = ZoneContent(100.0, 10.0, 0.1)
    score = propose_jdm_ild_score(zones)
    graded = {(item.region, item.name): item.value for item in score.items if item.value}
    assert graded == {
        ("right_lung/basal", "pattern"): 3,
        ("right_lung/basal", "extent"): 2,
        ("left_lung/apical", "pattern"): 2,
        ("left_lung/apical", "extent"): 1,
    }
    assert score.total is None


def test_a_trace_is_no_infiltrate():
    zones = {name: ZoneContent(100.0, 0.4, 0.0) for name in ZONES}
    assert {item.value for item in propose_jdm_ild_score(zones).items} == {0}


def test_the_volumetric_extent_is_the_share_of_the_lungs():
    assert propose_volumetric_extent(ZoneContent(1000.0, 100.0, 25.0)).total == 12.5
