"""A phantom written as DICOM is read by others, and names nobody who exists."""

from __future__ import annotations

import subprocess
from pathlib import Path

import dcm2niix
import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from ctreview.phantom import phantom_child, write_phantom
from ctreview.volume.load import load_volume

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    phantom, _ = phantom_child(spacing=(5.0, 2.5, 2.5))
    folder = tmp_path_factory.mktemp("phantom") / "series"
    return phantom, write_phantom(phantom, folder)


def test_our_own_reader_gives_the_same_volume(written):
    phantom, files = written
    volume = load_volume(files[0].parent)
    assert np.array_equal(volume.array, phantom.volume.array)
    assert np.allclose(volume.geometry.affine, phantom.volume.geometry.affine, atol=1e-3)
    assert volume.geometry.frame_of_reference == phantom.volume.geometry.frame_of_reference
    assert int(volume.acquisition.age_years) == 4


def test_simpleitk_reads_it(written):
    phantom, files = written
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(files[0].parent)))
    image = reader.Execute()
    assert np.array_equal(sitk.GetArrayFromImage(image), phantom.volume.array)


def test_dcm2niix_reads_it(written, tmp_path):
    phantom, files = written
    subprocess.run(
        [dcm2niix.bin, "-z", "n", "-o", str(tmp_path), str(files[0].parent)], check=True, capture_output=True
    )
    (made,) = tmp_path.glob("*.nii")
    array = np.asarray(nibabel.load(made).dataobj).transpose(2, 1, 0)[:, ::-1]
    assert np.array_equal(array, phantom.volume.array)


def test_the_same_phantom_gives_the_same_bytes(written, tmp_path):
    phantom, files = written
    again = write_phantom(phantom, tmp_path / "again")
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(files, again, strict=True))


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_sample_names_nobody(when):
    header = pydicom.dcmread(sorted((SAMPLE / when).glob("*.dcm"))[0], stop_before_pixels=True)
    assert header.PatientName == "PHANTOM^CHILD"
    assert header.PatientID == "CTREVIEW-PHANTOM-CHILD"
    assert "InstitutionName" not in header
    for uid in (header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID, header.FrameOfReferenceUID):
        assert uid.startswith("2.25.")
        assert pydicom.uid.UID(uid).is_valid


def test_before_and_after_are_two_visits():
    headers = [pydicom.dcmread(next((SAMPLE / w).glob("*.dcm")), stop_before_pixels=True) for w in ("before", "after")]
    assert headers[0].StudyDate.startswith("202109")
    assert headers[1].StudyDate.startswith("202111")
    for key in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert headers[0][key].value != headers[1][key].value
    assert headers[0].PatientBirthDate == headers[1].PatientBirthDate
