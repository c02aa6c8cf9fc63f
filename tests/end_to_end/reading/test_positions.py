"""Right stays right: whatever way the patient lay and however the slices were cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctreview.volume import load_volume
from ctreview.volume.write import write_dicom, write_nifti, write_nrrd
from tests.dicom.making import make_stack

# What a scanner's right, down and in-bore axes are in the patient (LPS), PS3.3 C.7.3.1.1.2.
SCANNER = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "HFDR": ((0, -1, 0), (1, 0, 0)),
    "HFDL": ((0, 1, 0), (-1, 0, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
}
SHAPE = (5, 6, 7)


def _rotation(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = [i for i in range(3) if i != axis]
    matrix = np.eye(3)
    matrix[a, a], matrix[b, b], matrix[a, b], matrix[b, a] = c, c, -s, s
    return matrix


def _cut(scanner: tuple[tuple[int, ...], tuple[int, ...]], cut: str, turn: tuple[float, float]) -> np.ndarray:
    """Row and column direction of slices."""
    right, down = np.array(scanner[0], float), np.array(scanner[1], float)
    along = np.cross(right, down)
    rows, columns = {"axial": (right, down), "coronal": (right, -along), "sagittal": (down, -along)}[cut]
    matrix = _rotation(0, turn[0]) @ _rotation(2, turn[1])
    return np.concatenate([matrix @ rows, matrix @ columns])


@settings(max_examples=24, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posture=st.sampled_from(sorted(SCANNER)),
    cut=st.sampled_from(["axial", "coronal", "sagittal"]),
    turn=st.sampled_from([(0.0, 0.0), (12.0, -7.0), (-30.0, 20.0), (0.0, 90.0)]),
    backwards=st.booleans(),
)
def test_right_stays_right(
    tmp_path_factory: pytest.TempPathFactory, posture: str, cut: str, turn: tuple[float, float], backwards: bool
) -> None:
    folder = tmp_path_factory.mktemp("stack")
    orientation = _cut(SCANNER[posture], cut, turn)
    rows, columns = orientation[:3], orientation[3:]
    step = np.cross(rows, columns) * (-2.5 if backwards else 2.5)
    origin = np.array([-11.0, 4.0, 30.0])
    k, i, j = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    places = origin + k[..., None] * step + i[..., None] * 1.5 * columns + j[..., None] * 0.75 * rows
    # each voxel says where in the patient it lies
    values = np.round(places @ (20.0, 30.0, 10.0)).astype(np.int16)
    make_stack(
        folder,
        values,
        origin=origin,
        orientation=orientation,
        spacing=(2.5, 1.5, 0.75),
        step=step,
        PatientPosition=posture,
    )

    volume = load_volume(folder)

    assert volume.geometry.is_canonical
    assert volume.acquisition.posture == posture
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.geometry.shape), indexing="ij"), axis=-1)
    expected = volume.geometry.to_lps(index) @ (20.0, 30.0, 10.0)
    assert np.abs(volume.array - expected).max() <= 0.51

    # a round trip through every format keeps voxels and corners
    write_nifti(volume, folder / "out" / "a.nii.gz")
    write_nrrd(volume, folder / "out" / "a.nrrd")
    write_dicom(volume, folder / "out" / "dicom")
    for name in ("a.nii.gz", "a.nrrd", "dicom"):
        again = load_volume(folder / "out" / name)
        assert np.array_equal(again.array, volume.array)
        assert np.abs(again.geometry.corners() - volume.geometry.corners()).max() < 0.01
