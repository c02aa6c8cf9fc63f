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
CLIPPED_HU = -1020.0
"""Where the scanner cuts off at −1024 HU a median near it says nothing."""


def outside_air_hu(volume: Volume) -> float | None:
    """Median HU of the air around the body.

    Parameters
    ----------
    volume : Volume
        CT in HU, in canonical axes.

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
    values = np.concatenate([_air_of_slice(volume.array[k], volume.geometry.spacing[1:]) for k in chosen])
    if len(values) < LEAST_PIXELS:
        return None
    middle = float(np.median(values))
    return middle if middle > CLIPPED_HU else None


def _air_of_slice(image: npt.NDArray[np.generic], pixel: tuple[float, ...]) -> npt.NDArray[np.float32]:
    hu = image[::2, ::2].astype(np.float32)
    # what is constant was filled in, by the scanner outside its circle or by cutting off
    constant = ndi.maximum_filter(hu, 3) == ndi.minimum_filter(hu, 3)
    inside = ndi.binary_fill_holes(ndi.gaussian_filter(hu, 1.0) > BODY_HU)
    far = ndi.distance_transform_edt(~inside, sampling=[2.0 * step for step in pixel]) > CLEAR_MM
    return np.asarray(hu[far & ~constant & (hu > -1200.0)])
