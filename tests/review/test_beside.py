"""Chest CT and muscle MRI of one patient in one folder, and never of two patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest

from ctreview.errors import DifferentPatients, WrongUse
from ctreview.review import archive, regions
from ctreview.review.beside import place_of_study, studies_beside
from ctreview.study import AnalysisPlan, Study
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume


def study_of(folder: Path, recipe: str, patient: str) -> Study:
    """A study of one image, whose header names a patient."""
    scan = folder.with_name(f"{folder.name} scan.dcm")
    header = pydicom.dcmread(pydicom.data.get_testdata_file("MR_small.dcm", download=False))
    header.PatientID = patient
    header.save_as(scan)
    grid = Geometry.aligned((2, 2, 2), (1.0, 1.0, 1.0), frame_of_reference="1.2")
    image = Volume(np.zeros((2, 2, 2), np.float32), grid, "arbitrary")
    made = Study.create(folder)
    with made.planned(AnalysisPlan(recipe, images=(image.digest,))):
        made.add_timepoint(image, path=scan, series=None, masks=())
    return made


def test_muscle_is_saved_beside_the_chest_of_the_same_patient_and_each_finds_the_other(tmp_path: Path) -> None:
    chest = study_of(tmp_path / "anna", archive.RECIPE, "1")
    legs = study_of(tmp_path / "unsaved", regions.RECIPE, "1")
    assert studies_beside(chest) == {}
    assert place_of_study(legs, chest.folder / "legs") == place_of_study(legs, chest.folder)
    saved = legs.copy_to(place_of_study(legs, chest.folder))
    assert saved.folder == chest.folder / "muscle"
    assert studies_beside(chest) == {"muscle": saved.folder}
    assert studies_beside(saved) == {"chest": chest.folder}
    with pytest.raises(WrongUse, match="not empty"):
        legs.copy_to(place_of_study(legs, chest.folder))


def test_another_patient_and_another_study_of_the_same_kind_are_refused(tmp_path: Path) -> None:
    chest = study_of(tmp_path / "anna", archive.RECIPE, "1")
    with pytest.raises(DifferentPatients, match="the id of the images differ"):
        place_of_study(study_of(tmp_path / "legs", regions.RECIPE, "2"), chest.folder)
    again = study_of(tmp_path / "again", archive.RECIPE, "1")
    with pytest.raises(WrongUse, match="not empty"):
        again.copy_to(place_of_study(again, chest.folder))
