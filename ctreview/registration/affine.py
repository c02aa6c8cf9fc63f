"""From two masks to an affine: centroids first, then what most keypoints agree on."""

from __future__ import annotations

import numpy as np

from ctreview.errors import RegistrationFailed
from ctreview.registration.features import describe
from ctreview.registration.keypoints import find_keypoints
from ctreview.registration.matching import agree, similarity_costs
from ctreview.registration.pair import Pair
from ctreview.registration.settings import MatchingStage, RegistrationSettings
from ctreview.volume.geometry import FloatArray

__all__ = ["align", "centroid_shift", "fit_affine"]

FEWEST_KEYPOINTS = 20
"""An affine has twelve unknowns; with fewer points than this it is not worth having."""


def centroid_shift(pair: Pair) -> FloatArray:
    """The translation, shape (4, 4), that brings the masks' centroids together."""
    affine = np.eye(4)
    affine[:3, 3] = pair.moving.centroid - pair.fixed.centroid
    return affine


def fit_affine(source: FloatArray, target: FloatArray, weights: FloatArray, *, rounds: int = 20) -> FloatArray:
    """The affine that takes most of ``source`` near ``target``.

    Least squares, repeated with Tukey's biweight at four robust standard deviations, so that false matches drop out.

    Parameters
    ----------
    source, target : ndarray, shape (n, 3)
        Millimetres.
    weights : ndarray, shape (n,)
        How far each match is believed beforehand.

    Returns
    -------
    ndarray, shape (4, 4)
    """
    centre = source.mean(axis=0)
    design = np.column_stack([source - centre, np.ones(len(source))])
    trust = weights.copy()
    solution = np.zeros((4, 3))
    for _ in range(rounds):
        root = np.sqrt(trust)[:, None]
        solution = np.linalg.lstsq(design * root, target * root, rcond=None)[0]
        away = np.linalg.norm(design @ solution - target, axis=1)
        scale = 4 * 1.4826 * float(np.median(away[weights > 0])) + 1e-6
        trust = weights * np.clip(1 - (away / scale) ** 2, 0, None) ** 2
    affine = np.eye(4)
    affine[:3, :3] = solution[:3].T
    affine[:3, 3] = solution[3] - solution[:3].T @ centre
    return affine


def align(pair: Pair, settings: RegistrationSettings) -> FloatArray:
    """The affine from the fixed to the moving image, shape (4, 4), LPS millimetres.

    Raises
    ------
    RegistrationFailed
        Too little structure in the fixed mask, or an affine that no breath explains.
    """
    affine = centroid_shift(pair)
    for stage in settings.affine_stages:
        affine = _improved(pair, affine, stage, settings.threads)
    ratio = float(np.linalg.det(affine[:3, :3]))
    if not 0.25 < ratio < 4:
        raise RegistrationFailed(
            f"the affine between the two masks would change volumes by a factor of {ratio:.2g}",
            remedy="Check that both masks show the same organ of the same person.",
        )
    return affine


def _improved(pair: Pair, affine: FloatArray, stage: MatchingStage, threads: int) -> FloatArray:
    transform = pair.transform(affine)
    grid = pair.grid(stage.spacing_mm, stage.patch_mm)
    fixed = pair.fixed_on(grid, threads=threads)
    moved = pair.moving_on(grid, transform, threads=threads)
    points = find_keypoints(fixed, pair.fixed_mask_on(grid, threads=threads), stage.keypoints)
    if len(points) < FEWEST_KEYPOINTS:
        raise RegistrationFailed(
            f"only {len(points)} places with structure were found inside the fixed mask",
            remedy="Check that the mask covers the organ and the image is not blank.",
        )
    search, patch = round(stage.search_mm / stage.spacing_mm), round(stage.patch_mm / stage.spacing_mm)
    costs = similarity_costs(
        describe(fixed, threads=threads),
        describe(moved, threads=threads),
        points,
        search=search,
        patch=patch,
        threads=threads,
    )
    matches = agree(points, costs, search=search, width=stage.neighbours_mm / stage.spacing_mm, threads=threads)
    source = grid.to_lps(matches.points)
    target = transform.to_moving(grid.to_lps(matches.points + matches.displacements))
    return fit_affine(source, target, matches.weights)
