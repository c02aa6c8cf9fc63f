"""Lobes through the whole comparison of the phantom child, whose lobes are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ctreview.anatomy import LOBES
from ctreview.change import Comparison
from ctreview.phantom import phantom_child
from ctreview.phantom.child import child_settings
from ctreview.phantom.thorax import make_thorax
from ctreview.recipes.chest_ct import ChestCtSettings, compare, segment
from ctreview.report.narrative import narrate

SPACING = (2.0, 1.2, 1.2)
WITH_LOBES = ChestCtSettings(lobes=True)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found() -> Comparison:
    before, after = phantom_child(spacing=SPACING)
    return compare(before.volume, after.volume, settings=WITH_LOBES)


@pytest.mark.parametrize("lobe", LOBES)
def test_every_lobe_of_the_child_got_better(found: Comparison, lobe: str) -> None:
    assert found[lobe].verdict == "decreased"


def test_the_rest_is_named_by_lobe_in_both_languages(found: Comparison) -> None:
    assert "in the right upper lobe" in found.residual
    assert "in the right middle lobe" in found.residual
    assert "im rechten Oberlappen (davon 100 % im basalen Drittel" in narrate(found, "de")
    assert "im Mittellappen" in narrate(found, "de")


def test_lobes_add_up_to_their_lung(found: Comparison) -> None:
    right = sum(found[lobe].baseline.opacity_ml for lobe in LOBES[:3])
    assert right == pytest.approx(found["right_lung"].baseline.opacity_ml)


def test_a_lobe_is_in_doubt_by_its_border_and_the_lung_is_not(found: Comparison) -> None:
    assert "borders of parts" in found["right_middle_lobe"].change["opacity_ml"].sources
    assert "borders of parts" not in found["right_lung"].change["opacity_ml"].sources


def test_without_fissures_the_lobes_are_said_to_be_unknown() -> None:
    settings = replace(child_settings()[0], spacing=SPACING, fissure_mm=0.0)
    checks = segment(make_thorax((), settings=settings).volume, settings=WITH_LOBES).checks
    stopped = {lobe for check in checks if check.stops for lobe in check.regions}
    assert set(LOBES) <= stopped
