"""A registration that is too poor for fate still tells which part of the lungs both scans show."""

import dataclasses

import numpy as np
import pytest

from ctreview.checks import Check
from ctreview.errors import RegistrationFailed
from ctreview.recipes.chest_ct import registering
from ctreview.recipes.chest_ct.changes import opacity_fate
from ctreview.recipes.chest_ct.field_of_view import check_pair
from ctreview.recipes.chest_ct.registering import register_lungs

FOLDED = Check("registration_folding", 0.01, 0.0, False, "Space folds.", effect="widens")


@pytest.fixture
def folded(prepared, monkeypatch):
    """What is found of both scans where space folds in places."""
    poor = dataclasses.replace(prepared.registration, checks=(FOLDED,))
    monkeypatch.setattr(registering, "register", lambda *_, **__: poor)
    return register_lungs(prepared.points)


def without_the_left_lung(point):
    """A scan that measured nothing where the left lung lies."""
    unmeasured = np.zeros(point.volume.array.shape, dtype=bool)
    unmeasured[:, :, unmeasured.shape[2] // 2 :] = True
    return dataclasses.replace(point, volume=dataclasses.replace(point.volume, unmeasured=unmeasured))


def test_a_folded_registration_is_poor_and_no_fate_is_read_from_it(prepared, folded):
    found, checks = folded
    fate, covered = opacity_fate(prepared.points, found)
    assert [check.name for check in checks if check.widens] == ["registration", "registration_folding"]
    assert fate is None
    assert all(check.ok for check in covered)
    assert dataclasses.replace(prepared, registration=found).transform is None


def test_what_only_one_scan_shows_is_seen_by_a_folded_registration_too(prepared, folded):
    before, after = prepared.points[0], without_the_left_lung(prepared.points[1])
    found = check_pair((before, after), folded[0])
    assert ("common_field_of_view", ("left_lung",)) in [(check.name, check.regions) for check in found if check.stops]


def test_without_a_registration_the_field_of_view_is_said_not_to_be_known(prepared, monkeypatch):
    def fail(*_, **__):
        raise RegistrationFailed("the masks do not overlap")

    monkeypatch.setattr(registering, "register", fail)
    found, checks = register_lungs(prepared.points)
    asked = (*checks, *check_pair(prepared.points, found), *opacity_fate(prepared.points, found)[1])
    assert [check.name for check in asked if not check.ok] == [
        "registration",
        "common_field_of_view",
        "common_field_of_view",
        "opacity_in_field_of_view",
    ]
