"""A small rigid correction of one contrast onto another of the same examination: patients move between sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import SimpleITK

from ctreview.checks import Check
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import Geometry, require_frame
from ctreview.volume.resample import resample
from ctreview.volume.volume import Volume

__all__ = ["Alignment", "AlignmentSettings", "align"]

FloatArray = npt.NDArray[np.float64]

_WITHIN_SLICES = (0.0, 0.0, 1.0, 1.0, 1.0, 0.0)
"""Turns about x, y, z and shifts along them. Limbs look alike along their length, where an image does not tell."""


@dataclass(frozen=True)
class AlignmentSettings:
    """How far a patient may have moved between two sequences.

    Attributes
    ----------
    most_mm, most_degrees : float
        Beyond these the correction is taken for an error and is not applied.
    least_mm : float
        Less movement than this of any corner of the body is left alone.
    grid_mm : float
        Size of the voxels on which it is sought.
    """

    most_mm: float = 12.0
    most_degrees: float = 6.0
    least_mm: float = 0.5
    grid_mm: float = 3.0

    def __post_init__(self) -> None:
        require_possible(self, most_degrees=(0.0, 45.0))


@dataclass(frozen=True, eq=False)
class Alignment:
    """What was found and whether it was applied.

    Attributes
    ----------
    volume : Volume
        The moving image on the fixed grid.
    shift_mm : tuple of float
        Movement of the middle of the fixed image, in LPS.
    turn_degrees : float
        About its axis.
    applied : bool
    check : Check
        To be shown: how far, and whether it was taken.
    back : ndarray, shape (4, 4)
        Takes points of the moving image, in LPS millimetres, to where the patient lay in the fixed one; the identity
        where no correction was applied.
    """

    volume: Volume
    shift_mm: tuple[float, float, float]
    turn_degrees: float
    applied: bool
    check: Check
    back: FloatArray

    def placed(self, other: Volume) -> Volume:
        """Another image of the same acquisition, such as a map made of it, where the patient lay in the fixed one."""
        return replace(other, geometry=replace(other.geometry, affine=self.back @ other.geometry.affine))


def align(moving: Volume, fixed: Volume, *, settings: AlignmentSettings | None = None) -> Alignment:
    """Bring an image onto the grid of another of the same examination.

    Geometry does most of it. A rigid correction across the body (a shift to the side and to the back, a turn about the
    axis of the couch) by mutual information is added where it is larger than what can be seen, and smaller than what a
    patient can move.

    Raises
    ------
    GridMismatch
        They lie in different frames of reference.
    """
    settings = settings or AlignmentSettings()
    require_frame(moving.geometry, fixed.geometry)
    rotation, shift, middle = _estimate(moving, fixed, settings)
    degrees = float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))
    corners = fixed.geometry.corners()
    moved = float(np.linalg.norm((corners - middle) @ rotation.T + middle + shift - corners, axis=1).max())
    length = float(np.linalg.norm(shift))
    possible = length <= settings.most_mm and degrees <= settings.most_degrees
    applied = possible and moved >= settings.least_mm
    back = _back(rotation, shift, middle) if applied else np.eye(4)
    placed = replace(moving, geometry=replace(moving.geometry, affine=back @ moving.geometry.affine))
    there = resample(placed, fixed.geometry)
    said = f"The image was moved by {length:.1f} mm and turned by {degrees:.1f}° onto the first."
    if not possible:
        said = (
            f"The image seems to lie {length:.1f} mm and {degrees:.1f}° off the first, more than a patient moves: "
            "it was left where its header puts it."
        )
    elif not applied:
        said = "The image lies where its header puts it."
    check = Check("contrast_alignment", round(moved, 2), settings.most_mm, ok=possible, message=said, effect="tells")
    a, b, c = (float(part) for part in shift)
    return Alignment(there, (a, b, c), degrees, applied, check, back)


def _estimate(moving: Volume, fixed: Volume, settings: AlignmentSettings) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rotation about the middle of the fixed image, and shift, from fixed to moving points in LPS."""
    small = fixed.geometry.resized([max(size, settings.grid_mm) for size in fixed.geometry.spacing])
    here, there = _image(resample(fixed, small)), _image(moving)
    middle = small.to_lps((np.array(small.shape) - 1) / 2)
    start = SimpleITK.Euler3DTransform()
    start.SetCenter([float(part) for part in middle])
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(40)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 0.02, 60, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetOptimizerWeights(_WITHIN_SLICES)
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([2.0, 0.0])
    method.SetInitialTransform(start, inPlace=True)
    method.Execute(here, there)
    rotation = np.array(start.GetMatrix()).reshape(3, 3)
    return rotation, np.array(start.GetTranslation()), np.asarray(middle)


def _image(volume: Volume) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(np.asarray(volume.array, np.float32))
    geometry: Geometry = volume.geometry
    image.SetSpacing([float(size) for size in geometry.spacing[::-1]])
    image.SetOrigin([float(part) for part in geometry.origin])
    image.SetDirection(geometry.directions[:, ::-1].ravel().tolist())
    return image


def _back(rotation: FloatArray, shift: FloatArray, middle: FloatArray) -> FloatArray:
    """The movement of the patient, taken back."""
    back = np.eye(4)
    back[:3, :3] = rotation.T
    back[:3, 3] = middle - rotation.T @ (middle + shift)
    return back
