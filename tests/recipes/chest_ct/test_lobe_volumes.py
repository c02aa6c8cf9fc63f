"""Lung that a lobe lost between two scans, told from breath and from borders that are not certain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ctreview.anatomy import LOBES
from ctreview.change import Sensitivity
from ctreview.change.border_sensitivity import BorderSensitivity
from ctreview.recipes.chest_ct.lobe_volumes import lost_lung_ml

USUAL_ML = (1000.0, 400.0, 1200.0, 1200.0, 1100.0)


def scan(volumes_ml: Sequence[float], deviation_ml: float = 0.0) -> Sensitivity:
    """A scan whose middle lobe is not certain by so much."""
    rows = len(volumes_ml)
    names, nothing = LOBES[:rows], np.zeros((rows, 2))
    border = BorderSensitivity(np.where(np.array(names) == "right_middle_lobe", deviation_ml, 0.0), nothing)
    return Sensitivity(
        names=names,
        classes=("consolidation",),
        volume_ml=np.array(volumes_ml),
        rim_ml=np.zeros(rows),
        shifts_hu=np.zeros(1),
        opacity_ml=nothing[None],
        alternatives_ml={},
        edge=nothing,
        vessel=nothing,
        rim=nothing,
        bordering_ml=nothing,
        blocks=np.zeros((0, rows, 2)),
        gap_ml=nothing,
        borders={"right_minor": border},
    )


def breathed(factor: float, middle_lobe_ml: float) -> list[float]:
    return [middle_lobe_ml if ml == USUAL_ML[1] else factor * ml for ml in USUAL_ML]


@pytest.mark.parametrize(
    ("factor", "middle_lobe_ml", "deviation_ml", "lost_ml"),
    [
        (0.8, 320.0, 0.0, 0.0),  # breath alone
        (0.8, 400.0, 0.0, 0.0),  # a lobe that did not follow it
        (0.8, 200.0, 0.0, 120.0),
        (1.0, 340.0, 25.0, 0.0),  # its border may lie off by so much in either scan
        (1.0, 340.0, 15.0, 60.0),
    ],
)
def test_what_breath_and_borders_leave_is_lost_lung(
    factor: float, middle_lobe_ml: float, deviation_ml: float, lost_ml: float
) -> None:
    pair = scan(USUAL_ML, deviation_ml), scan(breathed(factor, middle_lobe_ml), deviation_ml)
    expected = {"right_middle_lobe": pytest.approx(lost_ml)} if lost_ml else {}
    assert lost_lung_ml(pair, LOBES) == ({}, expected)
    assert lost_lung_ml((pair[1], pair[0]), LOBES)[1] == {}


def test_two_lobes_do_not_tell_which_of_them_lost_lung() -> None:
    assert lost_lung_ml((scan(USUAL_ML[:2]), scan((1000.0, 300.0))), LOBES) == ({}, {})
