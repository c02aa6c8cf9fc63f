"""Lobes of phantoms, whose fissures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from ctreview.anatomy import LOBE_SCHEME, LOBES, LobeMap, find_lobes
from ctreview.phantom import Phantom, make_thorax, phantom_child
from ctreview.volume.volume import Volume


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


def stopped(lobes: LobeMap) -> set[str]:
    return {lobe for check in lobes.checks if check.stops for lobe in check.regions}


def test_after_an_upper_lobe_was_removed_no_lobe_is_promised_in_its_place(child: Phantom) -> None:
    gone = child.lobes.mask("right_upper_lobe")
    lungs = replace(child.lungs, array=np.where(gone, 0, child.lungs.array).astype(np.uint8))
    vessels = replace(child.vessels, array=np.where(gone, 0, child.vessels.array))
    volume = child.volume.with_array(np.where(gone, np.int16(40), child.volume.array))
    assert {"right_upper_lobe", "right_middle_lobe"} <= stopped(find_lobes(volume, lungs, vessels))


@pytest.fixture(scope="module")
def healthy(child: Phantom) -> tuple[Volume, Volume]:
    """The child without opacity, which ends at borders of lobes and shows them; and the same without any fissure."""
    whole, bare = (make_thorax((), settings=own) for own in (child.settings, replace(child.settings, fissure_mm=0.0)))
    return whole.volume, bare.volume


def test_a_right_lung_of_two_lobes_keeps_the_lower_one(child: Phantom, healthy: tuple[Volume, Volume]) -> None:
    """Where there is no minor fissure, the lobes that it would part get no verdict, and the others do."""
    whole, bare = healthy
    upper, middle = (child.lobes.mask(lobe) for lobe in ("right_upper_lobe", "right_middle_lobe"))
    beside = ndimage.binary_dilation(upper, iterations=4) & ndimage.binary_dilation(middle, iterations=4)
    beside &= ~ndimage.binary_dilation(child.lobes.mask("right_lower_lobe"), iterations=4)
    volume = whole.with_array(np.where(beside, bare.array, whole.array))
    found = stopped(find_lobes(volume, child.lungs, child.vessels))
    assert found == {"right_upper_lobe", "right_middle_lobe"}


def test_where_a_fissure_ends_vessels_are_not_taken_for_its_rest(
    child: Phantom, healthy: tuple[Volume, Volume]
) -> None:
    whole, bare = healthy
    behind = np.indices(whole.array.shape, sparse=True)[1] > 0.55 * whole.array.shape[1]
    volume = whole.with_array(np.where(behind, bare.array, whole.array))
    fissures = find_lobes(volume, child.lungs, child.vessels).fissures
    for fissure in (fissures["right_oblique"], fissures["left_oblique"]):
        inside = fissure.position[fissure.inside]
        plane = fissure.surface.prior.plane
        places = fissure.frame.to_patient(plane.points(np.column_stack([inside, fissure.surface.at(inside)[0]])))
        erased = behind[0, np.rint(volume.geometry.to_index(places)[:, 1]).astype(int), 0]
        seen = fissure.seen[fissure.inside]
        assert seen[~erased].mean() > 0.95
        assert seen[erased].mean() < 0.08
