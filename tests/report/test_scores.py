"""Scores and density of both scans as a document."""

from __future__ import annotations

import jsonschema
import pytest

from ctreview.lung.visual_scores import ZONES
from ctreview.report import schema
from ctreview.report.document import plain
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.wording import Wording
from ctreview.report.scores import score_rows, scores_document

WORDING = Wording("en", LANGUAGES["en"])


@pytest.fixture(scope="module")
def document(comparison):
    return plain(scores_document(comparison))


def test_it_has_the_published_schema(document):
    jsonschema.validate(document, schema("ctreview.scores/1"))


def test_without_lobes_there_is_no_score_by_lobe(document):
    assert [score["key"] for score in document["baseline"]["scores"]] == ["jdm_ild", "volumetric_extent"]


def test_the_pattern_is_where_the_consolidation_is(comparison, document):
    (score,) = [one for one in document["baseline"]["scores"] if one["key"] == "jdm_ild"]
    consolidated = [item["region"] for item in score["items"] if (item["name"], item["value"]) == ("pattern", 3)]
    held = {row.region: row.baseline.classes_ml["consolidation"] for row in comparison.regions}
    assert sorted(consolidated) == sorted(zone for zone in ZONES if held[zone] >= 0.5) != []


def test_mass_is_that_of_the_voxels(comparison, document):
    point = comparison.baseline
    hu = point.volume.array[point.organ.counted_mask()].astype(float)
    mass = (1 + hu / 1000).clip(0).sum() * point.volume.geometry.voxel_ml
    assert document["baseline"]["density"]["mass_g"] == pytest.approx(mass)
    assert document["baseline"]["density"]["excess_mass_g"] is None, "the normal density is not known here"


def test_what_a_reader_recorded_faces_what_was_proposed(document):
    recorded = {("jdm_ild", "followup", "right_lung/basal", "pattern"): 5.0}
    (row,) = [one for one in score_rows(document, WORDING, recorded) if one["recorded"] != (0, 0)]
    assert row["recorded"] == (0, 1)
    (item,) = [one for one in row["items"] if (one["region"], one["name"]) == ("right lung, basal", "pattern")]
    (_, before), (proposed, given) = item["values"]
    assert (before, given) == (None, 5.0)
    assert proposed != given
