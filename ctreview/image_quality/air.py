"""What the air around the body measures: the one density in every scan that is known, at any age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.image_quality.slices import evenly_spaced
from ctreview.volume.volume import Volume

__all__ = ["outside_air_hu"]

CLEAR_MM = 12.0
"""Closer to skin, clothes, blankets and table the point spread and scatter lift it."""
BODY_HU = -700.0
SLICES = 12
LEAST_PIXELS = 500
LOWEST, PILED_UP_HU = 0.1, 1.0
"""A median that lies no higher than this above the lowest tenth was cut off, at −1024 HU as a rule: it says nothing."""

Mask = npt.NDArray[np.bool_]


def outside_air_hu(volume: Volume, lung: Mask | None = None) -> float | None:
    """Median HU of the air around the body.

    Parameters
    ----------
    volume : Volume
        CT in HU, in canonical axes.
    lung : ndarray of bool, optional
        What is lung: where the image ends within the body, lung lies open like the air around it.

    Returns
    -------
    float or None
        None where the field of view shows too little air, or its values were cut off or filled in.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    """
    volume.require_hu("air is measured in")
    chosen = evenly_spaced(0, volume.array.shape[0] - 1, SLICES)
    pixel = volume.geometry.spacing[1:]
    values = np.concatenate([_air_of_slice(volume.array[k], pixel, None if lung is None else lung[k]) for k in chosen])
    if len(values) < LEAST_PIXELS:
        return None
    lowest, middle = (float(level) for level in np.quantile(values, (LOWEST, 0.5)))
    return middle if middle > lowest + PILED_UP_HU else None


def _air_of_slice(
    image: npt.NDArray[np.generic], pixel: tuple[float, ...], lung: Mask | None
) -> npt.NDArray[np.float32]:
    hu = image[::2, ::2].astype(np.float32)
    # what is constant was filled in, by the scanner outside its circle or by cutting off
    constant = ndi.maximum_filter(hu, 3) == ndi.minimum_filter(hu, 3)
    inside = ndi.binary_fill_holes(ndi.gaussian_filter(hu, 1.0) > BODY_HU)
    if lung is not None:
        inside |= lung[::2, ::2]
    far = ndi.distance_transform_edt(~inside, sampling=[2.0 * step for step in pixel]) > CLEAR_MM
    return np.asarray(hu[far & ~constant & (hu > -1200.0)])
