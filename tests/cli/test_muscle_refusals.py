"""Bad input of ``ctreview muscle`` ends with one clear line, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom.acquisition import Patient
from ctreview.phantom.muscle import CHILD_LEGS, DixonScan, make_legs, scan_dixon, scan_t1, write_examination
from ctreview.volume.volume import Volume
from ctreview.volume.write import write_nifti

BODY = replace(CHILD_LEGS, spacing=(12.0, 2.0, 2.0), pelvis=False)


@pytest.fixture(scope="module")
def dixon() -> DixonScan:
    return scan_dixon(make_legs(BODY))


def written(folder: Path, *images: Volume) -> Sequence[Path]:
    return write_examination([[image] for image in images], folder)


def of_another(image: Volume) -> Volume:
    other = Patient("CTREVIEW-OTHER", "PHANTOM^OTHER", None, "M")
    return replace(image, acquisition=replace(image.acquisition, patient=other))


@pytest.fixture
def refused(command, tmp_path):
    def check(paths: Sequence[Path], *words: str, options: Sequence[str] = ()) -> None:
        said = command("muscle", *paths, *options, "--out", tmp_path / "out", "--quiet")
        assert said.code in (2, 3), said
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert [word for word in words if word not in said.err] == []
        assert not (tmp_path / "out").exists()

    return check


def test_a_ct(refused, scans):
    refused([scans / "before"], "CT", "MR")


def test_water_without_fat(refused, dixon, tmp_path):
    refused(written(tmp_path / "mr", dixon.water), "fat")


def test_water_and_fat_on_two_grids(refused, dixon, tmp_path):
    narrower = dixon.fat.crop((0, 2, 2), dixon.fat.geometry.shape)
    refused(written(tmp_path / "mr", dixon.water, narrower), "grid")


def test_a_missing_station(refused, dixon, tmp_path):
    slices, *plane = dixon.water.geometry.shape
    parts = [
        image.crop((low, 0, 0), (high, *plane))
        for image in (dixon.water, dixon.fat)
        for low, high in ((0, 6), (slices - 6, slices))
    ]
    refused(written(tmp_path / "mr", *parts), "station")


def test_two_patients(refused, dixon, tmp_path):
    refused(written(tmp_path / "mr", dixon.water, of_another(dixon.fat)), "patient")


def test_one_slice(refused, dixon, tmp_path):
    image = dixon.water.crop((3, 0, 0), (4, *dixon.water.geometry.shape[1:]))
    write_nifti(image, tmp_path / "one.nii.gz")
    refused([tmp_path / "one.nii.gz"], "one slice")


def test_a_contrast_of_a_file_that_is_not_there(refused, dixon, tmp_path):
    write_nifti(dixon.water, tmp_path / "a.nii.gz")
    refused([tmp_path / "a.nii.gz"], "b.nii.gz", options=("--contrast", "b.nii.gz=T1"))


@pytest.mark.parametrize("contrast", [None, "T1"])
def test_a_nifti_gives_volume_and_symmetry_and_no_fat_fraction(command, tmp_path, contrast):
    write_nifti(scan_t1(make_legs(BODY)), tmp_path / "thighs.nii.gz")
    options = () if contrast is None else ("--contrast", f"thighs.nii.gz={contrast}")
    said = command("muscle", tmp_path / "thighs.nii.gz", *options, "--out", tmp_path / "out", "--json", "--quiet")
    assert said.code == 0, said.err
    values = {(one["region"], one["key"]): one["value"] for one in json.loads(said.out)["measurements"]}
    assert np.isfinite(values["right_thigh", "muscle_ml"])
    assert abs(values["both_thighs", "muscle_asymmetry"]) < 6
    assert not any(key.startswith("fat_fraction") for _, key in values)
