"""A phantom as a DICOM series."""

from __future__ import annotations

from pathlib import Path

from ctreview.phantom.thorax import Phantom
from ctreview.volume.dicom_file import Compression, write_dicom

__all__ = ["write_phantom"]


def write_phantom(
    phantom: Phantom,
    folder: Path | str,
    *,
    compression: Compression = "jpeg-ls",
    series_number: int = 1,
    description: str = "Thorax phantom",
    replace: bool = False,
) -> tuple[Path, ...]:
    """Write a phantom's image, with its invented patient, as one file per slice; lossless.

    UIDs (under 2.25) follow from the image, so that the same phantom gives the same bytes on one platform.

    Parameters
    ----------
    phantom : Phantom
        What is written.
    folder : path
        Made anew.
    compression : str
        See `ctreview.volume.write.write_dicom`.
    series_number : int
        Of the series in its study.
    description : str
        SeriesDescription.
    replace : bool
        Whether a folder that is there gives way.

    Returns
    -------
    tuple of Path
        The files, from the feet up.
    """
    return write_dicom(
        phantom.volume,
        folder,
        patient=phantom.volume.acquisition.patient,
        compression=compression,
        series_number=series_number,
        description=description,
        replace=replace,
    )
