"""Lobes of phantoms, whose fissures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy import LOBE_SCHEME, LOBES, LobeMap, find_lobes
from ctreview.phantom import Phantom, phantom_child


@pytest.fixture(scope="module")
def child() -> Phantom:
    return phantom_child(spacing=(1.5, 1.0, 1.0))[0]


@pytest.fixture(scope="module")
def lobes(child: Phantom) -> LobeMap:
    return find_lobes(child.volume, child.lungs, child.vessels)


@pytest.mark.parametrize("lobe", LOBES)
def test_lobes_of_the_ill_child_are_those_of_the_phantom(child: Phantom, lobes: LobeMap, lobe: str) -> None:
    found, true = lobes.array == LOBE_SCHEME[lobe].value, child.lobes.mask(lobe)
    dice = 2 * np.count_nonzero(found & true) / (np.count_nonzero(found) + np.count_nonzero(true))
    assert dice >= (0.955 if lobe == "right_middle_lobe" else 0.98)


def test_lobes_together_are_the_lungs(child: Phantom, lobes: LobeMap) -> None:
    assert np.array_equal(lobes.array > 0, child.lungs.mask("right_lung", "left_lung"))


def test_a_single_lung_has_its_own_lobes_alone(child: Phantom) -> None:
    left = replace(child.lungs, array=np.where(child.lungs.array == 1, 0, child.lungs.array))
    found = find_lobes(child.volume, left, child.vessels)
    assert set(np.unique(found.array)) == {0, 4, 5}
