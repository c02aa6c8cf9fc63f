"""Volumes of few voxels for the viewer in the page."""

from __future__ import annotations

import zlib
from base64 import b64decode

import numpy as np
import pytest

from ctreview.report.answers import rest_of
from ctreview.report.languages import LANGUAGES
from ctreview.report.reduced import GREY_BITS, MOST_VOXELS, displacements, reduce_scan

from .conftest import SHIFT


@pytest.fixture(scope="module")
def scan(comparison):
    return reduce_scan(comparison.baseline, None)


def test_a_block_lies_where_its_voxels_lie(comparison, scan):
    """The consolidation of the baseline, by its centre of mass in both grids."""
    opacity = comparison.baseline.opacity
    true = opacity.geometry.to_lps(np.argwhere(opacity.array == 2)).mean(axis=0)
    found = scan.geometry.to_lps(np.argwhere((scan.marks & 15) == 2)).mean(axis=0)
    assert np.abs(true - found).max() < 1.5
    assert (scan.marks >> 4).max() == 4


def test_few_voxels_hold_the_organ_in_the_lung_window(comparison, scan):
    assert np.prod(scan.geometry.shape) <= MOST_VOXELS
    assert scan.grey.max() < 2**GREY_BITS
    assert scan.names == ("right_lung", "left_lung")
    right = scan.geometry.to_lps(np.argwhere(scan.places == 1))[:, 0]
    left = scan.geometry.to_lps(np.argwhere(scan.places == 2))[:, 0]
    assert right.max() < left.min()


def test_what_is_packed_is_what_the_script_unpacks(scan):
    steps = np.frombuffer(zlib.decompress(b64decode(scan.to_dict()["grey"])), dtype=np.uint8)
    assert np.array_equal(np.cumsum(steps, dtype=np.uint8), scan.grey.ravel())


def test_the_link_moves_points_as_the_registration_does(comparison, scan):
    link = displacements(comparison.transform, scan)
    values = np.frombuffer(zlib.decompress(b64decode(link["values"])), dtype="<i2").reshape(*link["shape"], 3)
    assert np.allclose(values * link["unit"], SHIFT, atol=link["unit"])


def test_the_places_of_the_rest_lead_to_opacity(comparison):
    opacity = comparison.followup.opacity
    places = rest_of(comparison, LANGUAGES["en"])
    assert places
    for one in places:
        index = np.rint(opacity.geometry.to_index(one.point)).astype(int)
        assert opacity.array[tuple(index)] > 0
