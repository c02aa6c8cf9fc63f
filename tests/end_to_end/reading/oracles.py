"""Other readers of the same files, to compare with."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import dcm2niix
import numpy as np
import SimpleITK as sitk  # noqa: N813

from ctreview.errors import UnreadableFile
from ctreview.volume import Volume
from ctreview.volume.image_file import read_image_file


def converted(folder: Path, *options: str) -> dict[str, Volume]:
    """What dcm2niix makes of a folder, by file name."""
    with tempfile.TemporaryDirectory() as out:
        command = [dcm2niix.bin, "-z", "n", "-b", "n", "-f", "%s_%e", *options, "-o", out, str(folder)]
        subprocess.run(command, check=False, capture_output=True, timeout=120)
        found = {}
        for path in sorted(Path(out).glob("*.nii")):
            with suppress(UnreadableFile):  # beside the sheared image of a tilted gantry, one that contradicts itself
                found[path.stem] = read_image_file(path)
        return found


def itk_series(folder: Path) -> Volume:
    """The first series of a folder as SimpleITK's series reader has it."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    with tempfile.TemporaryDirectory() as out:
        path = Path(out, "a.nrrd")
        sitk.WriteImage(reader.Execute(), str(path))
        return read_image_file(path)


def apart_mm(one: Volume, other: Volume) -> float:
    """Largest distance of two grids' corners."""
    assert one.geometry.shape == other.geometry.shape
    return float(np.abs(one.geometry.corners() - other.geometry.corners()).max())


def unlike(one: Volume, other: Volume) -> float:
    """Largest difference of two volumes' values."""
    return float(np.abs(one.array.astype(np.float64) - other.array).max())
