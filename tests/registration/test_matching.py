"""Descriptors, keypoints and their matches."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ctreview.registration.affine import fit_affine
from ctreview.registration.features import BITS, mind_descriptors
from ctreview.registration.keypoints import find_keypoints
from ctreview.registration.matching import regularise_displacements, similarity_costs
from tests.registration.bodies import Organ

SHIFT = (2, -1, 3)


def image() -> np.ndarray:
    return Organ().texture()


def test_descriptor_forgets_brightness_and_contrast() -> None:
    plain = mind_descriptors(image())
    denser = mind_descriptors((image() * 0.6 + 300).astype(np.float32), noise_floor=30 * 0.6)
    assert np.bitwise_count(plain ^ denser).mean() < 0.1


def test_descriptor_uses_sixty_bits_and_is_blank_where_nothing_is() -> None:
    words = mind_descriptors(image())
    assert int(words.max()) < 2**BITS
    flat = mind_descriptors(np.full((6, 6, 6), -800, dtype=np.float32))
    assert (flat == flat[0, 0, 0]).all()


def test_descriptor_does_not_depend_on_threads() -> None:
    assert np.array_equal(mind_descriptors(image(), threads=1), mind_descriptors(image(), threads=4))


def test_descriptor_tells_places_apart() -> None:
    words = mind_descriptors(image())
    rolled = np.roll(words, 7, axis=0)
    assert np.bitwise_count(words ^ rolled).mean() > 10


def test_costs_count_bits_as_written_in_their_definition() -> None:
    fixed, moving = (
        mind_descriptors(image()),
        mind_descriptors(ndimage.shift(image(), (0.7, 0, 0), order=1, mode="nearest")),
    )
    point = np.array([[20, 18, 21]])
    costs = similarity_costs(fixed, moving, point, search=2, patch=1).reshape(5, 5, 5)
    a, b, c = -1, 2, 0
    here = fixed[19:22, 17:20, 20:23]
    there = moving[19 + a : 22 + a, 17 + b : 20 + b, 20 + c : 23 + c]
    assert costs[a + 2, b + 2, c + 2] == pytest.approx(np.bitwise_count(here ^ there).mean())


def test_keypoints_keep_their_distance_and_stay_in_the_mask() -> None:
    mask = np.zeros((40, 40, 40), dtype=bool)
    mask[5:35, 5:35, 5:20] = True
    points = find_keypoints(image(), mask, 60, crowding=0.6)
    assert 30 < len(points) <= 60
    assert mask[tuple(points.T)].all()
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1) + 99 * np.eye(len(points))
    assert apart.min() > 0.6 * (mask.sum() / 60) ** (1 / 3)


def test_no_keypoints_without_mask_or_structure() -> None:
    assert len(find_keypoints(image(), np.zeros((40, 40, 40), dtype=bool), 10)) == 0
    assert len(find_keypoints(np.zeros((9, 9, 9), dtype=np.float32), np.ones((9, 9, 9), dtype=bool), 10)) == 0


def test_matches_find_a_shift_and_cut_the_false_one() -> None:
    fixed = image()
    moving = np.roll(fixed, SHIFT, axis=(0, 1, 2))
    points = find_keypoints(fixed, np.pad(np.ones((24, 24, 24), dtype=bool), 8), 150)
    costs = similarity_costs(mind_descriptors(fixed), mind_descriptors(moving), points, search=4, patch=2)
    clean = regularise_displacements(points, costs, search=4, width=6.0, coupling=1.0)
    assert np.abs(clean.displacements - SHIFT).max() < 0.3
    assert clean.kept.mean() > 0.95
    spoilt = costs.copy()
    spoilt[7] = 60.0
    spoilt[7, 0] = 0.0  # claims a move to the far corner beyond all doubt
    matches = regularise_displacements(points, spoilt, search=4, width=6.0, coupling=0.01)
    assert not matches.kept[7]


def test_affine_is_found_among_false_matches() -> None:
    rng = np.random.default_rng(0)
    source = rng.uniform(-100, 100, (400, 3))
    truth = np.eye(4)
    truth[:3, :3] += rng.normal(0, 0.08, (3, 3))
    truth[:3, 3] = (10, -4, 35)
    target = source @ truth[:3, :3].T + truth[:3, 3] + rng.normal(0, 0.5, (400, 3))
    target[:120] += rng.uniform(-40, 40, (120, 3))
    found = fit_affine(source, target)
    error = np.linalg.norm(source @ found[:3, :3].T + found[:3, 3] - source @ truth[:3, :3].T - truth[:3, 3], axis=1)
    assert error.max() < 0.5
