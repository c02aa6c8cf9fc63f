"""The optional engine: elastix, where ``ctreview[elastix]`` is installed.

Parameters are those measured on the follow-up pair: affine, then B-splines of 10 mm by normalised correlation at
random samples. Correlation follows density, so voxels in ``ignore`` (opacity of either timepoint) are always kept
out of the metric: else the lung around resolved ground glass is squeezed to make up for the mass that is gone.
"""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
from edt import edt

from ctreview.errors import RegistrationFailed
from ctreview.progress import Progress, quiet
from ctreview.registration.affine import centroid_shift
from ctreview.registration.field import FADE_MM, FIELD_MARGIN_MM, field_geometry, taper, unfold
from ctreview.registration.pair import PreparedImage, RegistrationPair
from ctreview.registration.settings import RegistrationSettings
from ctreview.volume.geometry import Geometry
from ctreview.volume.transform import Transform

__all__ = ["register_by_elastix"]

FIXED_MASK_MM, MOVING_MASK_MM = 4.0, 8.0
"""The masks are widened so that the samples see the organ's surface."""

_COMMON = {
    "FixedInternalImagePixelType": "float",
    "MovingInternalImagePixelType": "float",
    "FixedImageDimension": "3",
    "MovingImageDimension": "3",
    "Registration": "MultiResolutionRegistration",
    "FixedImagePyramid": "FixedSmoothingImagePyramid",
    "MovingImagePyramid": "MovingSmoothingImagePyramid",
    "Interpolator": "LinearInterpolator",
    "ResampleInterpolator": "FinalLinearInterpolator",
    "Resampler": "DefaultResampler",
    "Optimizer": "AdaptiveStochasticGradientDescent",
    "Metric": "AdvancedNormalizedCorrelation",
    "ImageSampler": "RandomCoordinate",
    "NewSamplesEveryIteration": "true",
    "UseRandomSampleRegion": "false",
    "NumberOfSpatialSamples": "2000",
    "MaximumNumberOfSamplingAttempts": "20",
    "RequiredRatioOfValidSamples": "0.05",
    "ErodeMask": "false",
    "HowToCombineTransforms": "Compose",
    "AutomaticTransformInitialization": "false",
    "AutomaticParameterEstimation": "true",
    "WriteResultImage": "false",
    "DefaultPixelValue": "-1050",
}


def _elastix() -> Any:
    try:
        import itk  # noqa: PLC0415 - an extra of 1.6 GB, looked for only where it is asked for
    except ImportError as error:
        raise RegistrationFailed(
            "the engine 'elastix' is not installed",
            remedy="Run: pip install 'ctreview[elastix]', or use the engine 'keypoints', which is built in.",
        ) from error
    if not hasattr(itk, "elastix_registration_method"):
        raise RegistrationFailed(
            "the installed itk comes without elastix", remedy="Run: pip install 'ctreview[elastix]'."
        )
    return itk


def register_by_elastix(
    pair: RegistrationPair, *, settings: RegistrationSettings, progress: Progress = quiet
) -> Transform:
    """Affine and B-splines by elastix.

    Raises
    ------
    RegistrationFailed
        itk-elastix is not installed, or it gave up.
    """
    itk = _elastix()
    progress(0, 3, "preparing elastix")
    shift = centroid_shift(pair)[:3, 3]
    fixed, fixed_mask = _images(itk, pair.fixed, FIXED_MASK_MM, np.zeros(3))
    # The moving image is laid over the fixed one by its origin, so that elastix starts close.
    moving, moving_mask = _images(itk, pair.moving, MOVING_MASK_MM, -shift)
    progress(1, 3, "running elastix")
    parameters = _parameters(itk, settings)
    try:
        _, found = itk.elastix_registration_method(
            fixed,
            moving,
            fixed_mask=fixed_mask,
            moving_mask=moving_mask,
            parameter_object=parameters,
            log_to_console=False,
            number_of_threads=settings.threads,
        )
        nodes = field_geometry(pair.grid(settings.grid_mm, 0.0), settings.grid_mm, FIELD_MARGIN_MM)
        field = _displacements(itk, moving, found, nodes)
    except RuntimeError as error:
        raise RegistrationFailed("elastix gave up", remedy="Try the engine 'keypoints'.") from error
    progress(2, 3, "running elastix")
    affine = np.eye(4)
    affine[:3, 3] = shift
    faded = taper(field, round(FADE_MM / nodes.spacing[0]))
    smooth, _ = unfold(faded, nodes)
    progress(3, 3, "running elastix")
    return Transform(pair.fixed_geometry, pair.moving_geometry, affine, smooth, nodes)


def _images(itk: Any, side: PreparedImage, widen_mm: float, shift: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    inside = side.mask >= 0.5
    reach = edt(~inside, anisotropy=side.geometry.spacing)
    mask = reach <= widen_mm
    if side.ignore is not None:
        mask &= side.ignore < 0.5
    made = []
    for array in (np.ascontiguousarray(side.image), np.ascontiguousarray(mask.astype(np.uint8))):
        image = itk.image_from_array(array)
        image.SetSpacing([float(v) for v in side.geometry.spacing[::-1]])
        image.SetOrigin([float(v) for v in side.geometry.origin + shift])
        image.SetDirection(itk.matrix_from_array(np.ascontiguousarray(side.geometry.directions[:, ::-1])))
        made.append(image)
    return made[0], made[1]


def _parameters(itk: Any, settings: RegistrationSettings) -> Any:
    affine = {
        **_COMMON,
        "Transform": "AffineTransform",
        "AutomaticScalesEstimation": "true",
        "NumberOfResolutions": "3",
        "ImagePyramidSchedule": [str(f) for f in (4, 4, 4, 2, 2, 2, 1, 1, 1)],
        "MaximumNumberOfIterations": "250",
        "RandomSeed": str(settings.seed),
    }
    splines = {
        **_COMMON,
        "Transform": "BSplineTransform",
        "FinalGridSpacingInPhysicalUnits": "10",
        "GridSpacingSchedule": ["8", "4", "2", "1"],
        "NumberOfResolutions": "4",
        "ImagePyramidSchedule": [str(f) for f in (6, 6, 6, 4, 4, 4, 2, 2, 2, 1, 1, 1)],
        "MaximumNumberOfIterations": str(settings.elastix_iterations),
        "RandomSeed": str(settings.seed),
    }
    parameters = itk.ParameterObject.New()
    for stage in (affine, splines):
        parameters.AddParameterMap({key: [v] if isinstance(v, str) else v for key, v in stage.items()})
    return parameters


def _displacements(itk: Any, moving: Any, found: Any, nodes: Geometry) -> Any:
    # transformix makes the displacement on the grid that the transform's parameters name as output.
    for number in range(found.GetNumberOfParameterMaps()):
        found.SetParameter(number, "Size", [str(n) for n in nodes.shape[::-1]])
        found.SetParameter(number, "Index", ["0", "0", "0"])
        found.SetParameter(number, "Spacing", [repr(float(v)) for v in nodes.spacing[::-1]])
        found.SetParameter(number, "Origin", [repr(float(v)) for v in nodes.origin])
        found.SetParameter(number, "Direction", [repr(float(v)) for v in np.eye(3).ravel()])
    # The field is also written to disk, wherever the filter is told; nothing may be left in the working folder.
    with tempfile.TemporaryDirectory() as folder:
        field = itk.transformix_deformation_field(moving, found, output_directory=folder)
        return np.ascontiguousarray(np.moveaxis(itk.array_from_image(field), -1, 0), dtype=np.float32)
