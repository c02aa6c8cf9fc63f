"""Volumes, segmentations and transforms as files that other programs open.

Every file appears whole or not at all (`atomic`). Nothing written here carries a patient's identity unless
`write_dicom` is given a patient to write.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ctreview.errors import UnsupportedSeries
from ctreview.volume.atomic import atomic_path
from ctreview.volume.dicom_file import Compression, write_dicom
from ctreview.volume.geometry import Geometry
from ctreview.volume.hdf5_times import without_times
from ctreview.volume.itk_transform_file import read_itk_transform, write_itk_transform
from ctreview.volume.labels import LabelMap
from ctreview.volume.nrrd import write_nrrd_file
from ctreview.volume.resample import affine_of_image, itk_transform, require_box
from ctreview.volume.segmentation import read_segmentation, write_segmentation
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = [
    "Compression",
    "read_segmentation",
    "read_transform",
    "write_dicom",
    "write_nifti",
    "write_nrrd",
    "write_segmentation",
    "write_transform",
]


def write_nrrd(image: Volume | LabelMap, path: Path | str) -> None:
    """Write a volume or label map as NRRD (gzip); sheared grids too."""
    array = image.array
    if array.dtype.kind == "f" and array.dtype.itemsize < 4:
        array = array.astype(np.float32)
    write_nrrd_file(path, [array], image.geometry, {})


def write_nifti(image: Volume | LabelMap, path: Path | str) -> None:
    """Write a volume or label map as NIfTI (``.nii`` or ``.nii.gz``).

    Raises
    ------
    GridMismatch
        The grid is sheared.
    """
    import nibabel  # noqa: PLC0415 - slow to load, and seldom needed

    require_box(image.geometry)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.geometry.affine
    affine[:3, :3] = affine[:3, 2::-1]
    array = image.array.astype(np.uint8) if image.array.dtype == np.bool_ else image.array
    made = nibabel.Nifti1Image(array.transpose(2, 1, 0), affine)
    made.header.set_xyzt_units("mm")
    made.set_qform(affine, 1)
    made.set_sform(affine, 1)
    with atomic_path(path) as draft:
        nibabel.save(made, draft)


def write_transform(transform: Transform, path: Path | str) -> None:
    """Write a transform as ITK's HDF5 (``.h5``): a composite of affine and displacement field.

    It maps points of the fixed image to the moving one, which is what resampling programs (SimpleITK, 3D Slicer's
    "Resample Image", elastix' transformix) expect in order to bring the moving image onto the fixed. The same transform
    is the same bytes whenever it is written.
    """
    with atomic_path(path) as draft:
        write_itk_transform(itk_transform(transform), draft)
        draft.write_bytes(without_times(draft.read_bytes()))


def read_transform(path: Path | str, fixed: Geometry, moving: Geometry) -> Transform:
    """Read a transform that `write_transform` wrote.

    Parameters
    ----------
    path : path
        The ``.h5`` file.
    fixed, moving : Geometry
        The grids of the two images, which the file does not carry.

    Raises
    ------
    UnreadableFile
        It is no transform, or broken.
    UnsupportedSeries
        It is a transform of another kind.
    """
    found = read_itk_transform(Path(path))
    parts = [found]
    if found.GetName() == "CompositeTransform":
        composite = sitk.CompositeTransform(found)
        parts = [composite.GetNthTransform(n).Downcast() for n in range(composite.GetNumberOfTransforms())]
    names = [part.GetName() for part in parts]
    if names not in (["AffineTransform"], ["AffineTransform", "DisplacementFieldTransform"]):
        raise UnsupportedSeries(f"a transform made of {', '.join(names)} is not read", where=path)
    affine = np.eye(4)
    matrix = np.array(parts[0].GetMatrix()).reshape(3, 3)
    centre = np.array(parts[0].GetCenter())
    affine[:3, :3] = matrix
    affine[:3, 3] = np.array(parts[0].GetTranslation()) + centre - matrix @ centre
    if len(parts) == 1:
        return Transform(fixed, moving, affine)
    field = parts[1].GetDisplacementField()
    array = sitk.GetArrayFromImage(field)
    grid = Geometry((array.shape[0], array.shape[1], array.shape[2]), affine_of_image(field), fixed.frame_of_reference)
    return Transform(fixed, moving, affine, np.moveaxis(array, -1, 0).astype(np.float32), grid)
