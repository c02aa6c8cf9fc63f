"""Uneven sensitivity of the coil, divided out; for segmentation and STIR, never for fat fraction or T2."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import SimpleITK

from ctreview.errors import WrongUse
from ctreview.muscle.maps.noise import body_mask
from ctreview.possible_values import require_possible
from ctreview.volume.volume import Volume

__all__ = ["BiasFieldSettings", "correct_bias_field"]


@dataclass(frozen=True)
class BiasFieldSettings:
    """How the field is estimated (N4, Tustison et al., IEEE Trans Med Imaging 2010;29:1310).

    Attributes
    ----------
    grid_mm : float
        The field is estimated on voxels of this size; it is smooth.
    control_points : int
        Of the spline along each axis, at its coarsest.
    iterations : tuple of int
        At each level, each twice as fine.
    """

    grid_mm: float = 6.0
    control_points: int = 6
    iterations: tuple[int, ...] = (30, 20)

    def __post_init__(self) -> None:
        require_possible(self, control_points=(4, 20), iterations=(1, 1000))


def correct_bias_field(
    volume: Volume,
    *,
    inside: npt.NDArray[np.bool_] | None = None,
    settings: BiasFieldSettings | None = None,
) -> Volume:
    """The image over its estimated bias field, with a note.

    Parameters
    ----------
    volume : Volume
        In arbitrary units.
    inside : ndarray of bool, optional
        One tissue, such as muscle, to estimate by; else the whole body.
    settings : BiasFieldSettings

    Raises
    ------
    WrongUse
        The values have a unit (a fat fraction, a T2): a correction would change what they mean.
    """
    settings = settings or BiasFieldSettings()
    if volume.unit != "arbitrary":
        raise WrongUse(f"a bias field is corrected in images of arbitrary units only, and this one is in {volume.unit}")
    values = np.asarray(volume.array, np.float32)
    mask = body_mask(values) if inside is None else inside
    if not mask.any():
        return volume
    steps = [
        max(1, min(round(settings.grid_mm / size), n // 4))
        for size, n in zip(volume.geometry.spacing, values.shape, strict=True)
    ]
    small = np.ascontiguousarray(values[:: steps[0], :: steps[1], :: steps[2]])
    image, where = (
        SimpleITK.GetImageFromArray(small),
        SimpleITK.GetImageFromArray(mask[:: steps[0], :: steps[1], :: steps[2]].astype(np.uint8)),
    )
    spacing = [float(size * step) for size, step in zip(volume.geometry.spacing, steps, strict=True)]
    image.SetSpacing(spacing[::-1])
    where.SetSpacing(spacing[::-1])
    estimate = SimpleITK.N4BiasFieldCorrectionImageFilter()
    estimate.SetMaximumNumberOfIterations(list(settings.iterations))
    estimate.SetNumberOfControlPoints([settings.control_points] * 3)
    estimate.Execute(image, where)
    full = SimpleITK.GetImageFromArray(values)
    full.SetSpacing([float(size) for size in volume.geometry.spacing[::-1]])
    field = SimpleITK.GetArrayFromImage(estimate.GetLogBiasFieldAsImage(full))
    gain = np.exp(field - float(np.mean(field[mask]))).astype(np.float32)
    corrected = volume.with_array(values / np.maximum(gain, np.float32(0.05)))
    return replace(corrected, notes=(*volume.notes, "The bias field of the coil was divided out."))
