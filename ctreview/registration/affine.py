"""From two masks to an affine: centroids first, then what most keypoints agree on."""

from __future__ import annotations

import numpy as np

from ctreview.errors import RegistrationFailed
from ctreview.registration.matching import match_keypoints
from ctreview.registration.pair import RegistrationPair
from ctreview.registration.settings import RegistrationSettings
from ctreview.volume.geometry import FloatArray

__all__ = ["centroid_shift", "estimate_affine", "fit_affine"]


def centroid_shift(pair: RegistrationPair) -> FloatArray:
    """The translation, shape (4, 4), that brings the masks' centroids together."""
    affine = np.eye(4)
    affine[:3, 3] = pair.moving.centroid - pair.fixed.centroid
    return affine


def fit_affine(source: FloatArray, target: FloatArray, *, rounds: int = 20) -> FloatArray:
    """The affine that takes most of ``source`` near ``target``.

    Least squares, repeated with Tukey's biweight at four robust standard deviations, so that false matches drop out.

    Parameters
    ----------
    source, target : ndarray, shape (n, 3)
        Millimetres.

    Returns
    -------
    ndarray, shape (4, 4)
    """
    centre = source.mean(axis=0)
    design = np.column_stack([source - centre, np.ones(len(source))])
    weight = np.ones(len(source))
    solution = np.zeros((4, 3))
    for _ in range(rounds):
        root = np.sqrt(weight)[:, None]
        solution = np.linalg.lstsq(design * root, target * root, rcond=None)[0]
        away = np.linalg.norm(design @ solution - target, axis=1)
        scale = 4 * 1.4826 * float(np.median(away)) + 1e-6
        weight = np.clip(1 - (away / scale) ** 2, 0, None) ** 2
    affine = np.eye(4)
    affine[:3, :3] = solution[:3].T
    affine[:3, 3] = solution[3] - solution[:3].T @ centre
    return affine


def estimate_affine(pair: RegistrationPair, *, settings: RegistrationSettings) -> FloatArray:
    """The affine from the fixed to the moving image, shape (4, 4), LPS millimetres.

    Raises
    ------
    RegistrationFailed
        Too little structure in the fixed mask, or an affine that no breath explains.
    """
    affine = centroid_shift(pair)
    for stage in settings.affine_stages:
        transform = pair.transform(affine)
        start, end = match_keypoints(pair, transform, stage, threads=settings.threads)
        affine = fit_affine(start, transform.to_moving(end))
    ratio = float(np.linalg.det(affine[:3, :3]))
    if not 0.25 < ratio < 4:
        raise RegistrationFailed(
            f"the affine between the two masks would change volumes by a factor of {ratio:.2g}",
            remedy="Check that both masks show the same organ of the same person.",
        )
    return affine
