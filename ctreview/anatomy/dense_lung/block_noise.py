"""Noise of the coarse image, and the image smoothed to where dense tissue can be judged.

A sharp kernel makes fat as dark as air in some blocks and as dense as fluid in others: its specks were taken for
bronchi, and the denser half of fat for effusion.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask

__all__ = ["block_noise", "quietened"]

Floats32 = npt.NDArray[np.float32]

TISSUE_HU = (0.0, 80.0)
"""Muscle, liver and blood without contrast, the most of the body that is uniform."""

AROUND_MM = 4.0
"""Noise is what differs from the mean within about this distance in the slice."""

OFF_LUNG = 3
"""Blocks beside the lung in which its border, not noise, makes the difference."""

QUIET_HU = 20.0
"""The rules for dense tissue were made on scans that have 10 to 19 HU of noise in blocks."""

STEP_MM, WIDEST_MM = 0.5, 4.0
"""Standard deviations, in steps, of the Gaussian by which a noisier image is smoothed."""


def block_noise(coarse: CoarseImage, lungs: Mask) -> float:
    """Standard deviation of noise in soft tissue away from the lungs, in HU; 0 where there is no such tissue."""
    around = _smoothed(coarse, AROUND_MM)
    tissue = (around > TISSUE_HU[0]) & (around < TISSUE_HU[1]) & ~ndimage.binary_dilation(lungs, iterations=OFF_LUNG)
    tissue = ndimage.binary_erosion(tissue)
    return 1.4826 * float(np.median(np.abs(coarse.array - around)[tissue])) if tissue.any() else 0.0


def quietened(coarse: CoarseImage, lungs: Mask) -> tuple[CoarseImage, float]:
    """The image, smoothed within its slices as little as is enough for `QUIET_HU`, and its noise in HU.

    Most images are left as they are.
    """
    quiet, noise, width = coarse, block_noise(coarse, lungs), 0.0
    while noise > QUIET_HU and width < WIDEST_MM:
        width += STEP_MM
        quiet = replace(coarse, array=_smoothed(coarse, width))
        noise = block_noise(quiet, lungs)
    return quiet, noise


def _smoothed(coarse: CoarseImage, width_mm: float) -> Floats32:
    sigma = [0.0, width_mm / coarse.spacing[1], width_mm / coarse.spacing[2]]
    return np.asarray(ndimage.gaussian_filter(coarse.array, sigma, truncate=2.5), dtype=np.float32)
