"""Fissures in a study: they come back as they were found, and a damaged file is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.anatomy import LOBE_SCHEME, LUNG_SCHEME, LobeMap, divide_lungs
from ctreview.change import Timepoint
from ctreview.errors import UnreadableFile
from ctreview.opacity import OPACITY_SCHEME
from ctreview.review.stored_fissures import FISSURES_FILE, FISSURES_SCHEMA, fissures_document, with_stored_fissures
from ctreview.study.document import write_document
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from tests.fissures import unseen_fissure

GRID = Geometry.aligned((4, 4, 4), (2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")


@pytest.fixture
def point() -> Timepoint:
    """A scan with lobes as they were stored."""
    ones = np.ones(GRID.shape, np.uint8)
    lungs, lobes = LabelMap(2 * ones, GRID, LUNG_SCHEME), LabelMap(4 * ones, GRID, LOBE_SCHEME)
    opacity = LabelMap(0 * ones, GRID, OPACITY_SCHEME)
    return Timepoint(Volume(ones.astype(np.int16), GRID), lungs, opacity, divide_lungs(lungs, lobes=lobes), parts=lobes)


@pytest.fixture
def lobes(point: Timepoint) -> LobeMap:
    fissure = unseen_fissure("left_oblique")
    seen = fissure.inside.copy()
    seen[:, ::3] = False
    places = np.random.default_rng(0).normal(size=(5, 3))
    seen_fissure = replace(
        fissure, seen=seen, carried=~seen, by_chance=0.1, places=places, place_deviation=places[:, 0]
    )
    fissures = {"left_oblique": seen_fissure, "right_minor": unseen_fissure("right_minor")}
    bronchi = {"left_lower_lobe": GRID.to_lps([(0, 0, k % 4) for k in range(6)])}
    return LobeMap(point.parts.array, GRID, LOBE_SCHEME, fissures=fissures, bronchi=bronchi)


def test_they_come_back_to_the_last_bit(point: Timepoint, lobes: LobeMap, tmp_path: Path) -> None:
    assert with_stored_fissures(point, tmp_path) is point, "an earlier version kept none"
    write_document(tmp_path / FISSURES_FILE, FISSURES_SCHEMA, fissures_document(lobes))
    again = with_stored_fissures(point, tmp_path).parts
    assert list(again.fissures) == list(lobes.fissures)
    for name, one in again.fissures.items():
        kept = lobes.fissures[name]
        for which in ("inside", "seen", "places", "place_deviation"):
            assert np.array_equal(getattr(one, which), getattr(kept, which)), which
        assert np.array_equal(one.surface.height, kept.surface.height)
        assert np.array_equal(one.surface.deviation, kept.surface.deviation)
        assert (one.share_seen, one.share_carried) == (kept.share_seen, kept.share_carried)
        assert np.allclose(one.position, kept.position)
    assert list(again.bronchi) == ["left_lower_lobe"]
    assert np.array_equal(again.bronchi["left_lower_lobe"], lobes.bronchi["left_lower_lobe"])
    assert again.checks == lobes.checked().checks
    assert [check.ok for check in again.checks if check.name == "left_lung_bronchi"] == [False]


def test_a_file_of_an_earlier_version_has_no_bronchi(point: Timepoint, lobes: LobeMap, tmp_path: Path) -> None:
    content = fissures_document(lobes)
    del content["bronchi"]
    write_document(tmp_path / FISSURES_FILE, FISSURES_SCHEMA, content)
    found = with_stored_fissures(point, tmp_path).parts
    assert found.bronchi == {}
    assert {check.name for check in found.checks} == {"left_oblique_fissure", "right_minor_fissure", "left_lung_lobes"}


@pytest.mark.parametrize("key", ["height", "columns", "seen", "name"])
def test_a_damaged_file_is_said(point: Timepoint, lobes: LobeMap, tmp_path: Path, key: str) -> None:
    write_document(tmp_path / FISSURES_FILE, FISSURES_SCHEMA, fissures_document(lobes))
    plain = json.loads((tmp_path / FISSURES_FILE).read_text())
    broken = {
        "height": [0.0],
        "columns": [3, 3],
        "seen": {"start": [0, 0, 0], "shape": [1, 2, 2], "bits": "AA"},
        "name": "x",
    }
    plain["fissures"][0][key] = broken[key]
    (tmp_path / FISSURES_FILE).write_text(json.dumps(plain))
    with pytest.raises(UnreadableFile):
        with_stored_fissures(point, tmp_path)
