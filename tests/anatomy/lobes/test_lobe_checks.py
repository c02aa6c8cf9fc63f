"""Which borders of lobes are said to be unknown, and what that stops."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.lobe_checks import bronchus_checks, lobe_checks, with_lobes_of_lungs
from ctreview.anatomy.lobes.prior import known_fissures
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME
from ctreview.anatomy.lobes.surface import fit_surface
from ctreview.checks import Check
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap


def fissure(seen_columns: int) -> Fissure:
    prior = known_fissures()["left_oblique"]
    surface = fit_surface(prior, np.zeros((0, 3)), [])
    inside = np.ones((10, 10), dtype=bool)
    seen = np.zeros_like(inside)
    seen.ravel()[:seen_columns] = True
    position = np.zeros((10, 10, 2))
    return Fissure(
        surface, LungFrame(np.ones(3), np.zeros(3)), position, inside, seen, 0.0, np.zeros((0, 3)), np.zeros(0)
    )


def lobes(upper: int, lower: int) -> LabelMap:
    array = np.zeros((1, 1, 100), dtype=np.uint8)
    array[..., :upper], array[..., upper : upper + lower] = 4, 5
    return LabelMap(array, Geometry.aligned(array.shape, (1.0,) * 3, frame_of_reference="source:test"), LOBE_SCHEME)


def test_a_fissure_that_is_hardly_seen_stops_its_lobes_and_not_the_lung() -> None:
    check = lobe_checks(lobes(48, 50), {"left_oblique": fissure(30)})[0]
    assert check.stops
    assert check.concerns("left_upper_lobe/basal", "lungs")
    assert not check.concerns("left_lung", "lungs")
    assert not check.concerns("lungs", "lungs")


def test_a_fissure_that_is_half_seen_is_accepted() -> None:
    assert lobe_checks(lobes(48, 50), {"left_oblique": fissure(50)})[0].ok


def test_a_lobe_that_is_much_too_small_stops_the_lobes_of_its_lung() -> None:
    found = lobe_checks(lobes(90, 8), {})
    assert [(check.name, check.ok) for check in found] == [("left_lung_lobes", False)]


def test_what_is_said_of_a_lung_is_said_of_its_lobes() -> None:
    (found,) = with_lobes_of_lungs([Check("cut", None, None, False, "", "stops", ("left_lung",))])
    assert found.concerns("left_lower_lobe", "lungs")
    assert not found.concerns("right_lower_lobe", "lungs")


@pytest.mark.parametrize(("first", "ok"), [(10, True), (60, False)])
def test_a_lower_lobe_that_does_not_hold_its_bronchi_stops(first: int, ok: bool) -> None:
    divided = lobes(70, 30) if not ok else lobes(5, 95)
    bronchi = {"left_lower_lobe": divided.geometry.to_lps([(0, 0, k) for k in range(first, first + 8)])}
    (check,) = bronchus_checks(divided, bronchi)
    assert check.ok is ok
    assert check.stops is not ok


def test_four_places_on_a_bronchus_are_no_evidence() -> None:
    divided = lobes(5, 95)
    bronchi = {"left_lower_lobe": divided.geometry.to_lps([(0, 0, k) for k in range(10, 14)])}
    assert bronchus_checks(divided, bronchi) == ()
