import dataclasses

import numpy as np
import pytest

from ctreview.anatomy.lungs import LUNG_SCHEME
from ctreview.anatomy.situs import Situs, compare_situs, find_situs
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume


def mirrored(volume, lungs):
    """Both as they come out of an array whose last axis was flipped, lungs named by where they lie."""
    swapped = np.array([0, lungs.scheme["left_lung"].value, lungs.scheme["right_lung"].value, 3], dtype=np.uint8)
    turned = np.ascontiguousarray(lungs.array[:, :, ::-1])
    labels = swapped[np.minimum(turned, 3)]
    return volume.with_array(np.ascontiguousarray(volume.array[:, :, ::-1])), dataclasses.replace(lungs, array=labels)


def test_an_adult_lies_the_usual_way_round_and_its_mirror_image_does_not(adult, adult_lungs):
    volume, lungs = adult.volume, adult_lungs
    usual, other = find_situs(volume, lungs), find_situs(*mirrored(volume, lungs))
    assert usual.side == "usual"
    assert other.side == "mirrored"
    assert other.score == pytest.approx(-usual.score, abs=0.1)


def test_one_lung_alone_says_nothing(adult, adult_lungs):
    volume, lungs = adult.volume, adult_lungs
    alone = LabelMap((lungs.array == 1).astype(np.uint8), lungs.geometry, LUNG_SCHEME)
    assert find_situs(volume, alone).side == "unclear"


@pytest.mark.filterwarnings("error")
def test_lungs_that_are_wide_at_their_top_alone_say_nothing():
    grid = Geometry.aligned((60, 40, 60), (3.0, 3.0, 3.0), frame_of_reference="source:box")
    array = np.zeros(grid.shape, np.uint8)
    array[5:48, 10, 5], array[5:48, 10, 35] = 1, 2
    array[48:50, 10:28, 5:23], array[48:50, 10:28, 35:53] = 1, 2
    volume = Volume(np.where(array > 0, -850, 40).astype(np.int16), grid, "HU")
    assert find_situs(volume, LabelMap(array, grid, LUNG_SCHEME)).side == "unclear"


USUAL, MIRRORED, UNCLEAR = Situs(0.1, 0.1), Situs(-0.1, -0.1), Situs(0.05, -0.05)


@pytest.mark.parametrize(
    ("baseline", "followup", "ok", "stops"),
    [
        (USUAL, USUAL, True, False),
        (USUAL, MIRRORED, False, True),
        (MIRRORED, USUAL, False, True),
        (MIRRORED, MIRRORED, False, False),
        (USUAL, UNCLEAR, True, False),
        (UNCLEAR, MIRRORED, True, False),
    ],
)
def test_only_scans_that_disagree_leave_no_verdict(baseline, followup, ok, stops):
    found = compare_situs(baseline, followup)
    assert (found.ok, found.stops) == (ok, stops)
