"""Whose scans they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.errors import DifferentPatients
from ctreview.recipes.two_timepoints import require_one_patient
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((2, 2, 2), (1.0, 1.0, 1.0), frame_of_reference="1")
ANNA = Patient(id="A", birth_date=date(2017, 3, 1), sex="F")


def of(patient: Patient) -> Volume:
    return Volume(np.zeros(GRID.shape, np.int16), GRID, acquisition=Acquisition(patient=patient))


@pytest.mark.parametrize("other", [replace(ANNA, id="B"), replace(ANNA, id="B", birth_date=date(2017, 1, 3))])
def test_two_ids_are_refused_unless_it_is_stated_that_they_are_one_patient(other: Patient) -> None:
    with pytest.raises(DifferentPatients, match="id"):
        require_one_patient(of(ANNA), of(other))
    require_one_patient(of(ANNA), of(other), same_patient=True)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(ANNA, id="B", sex="M"), "sex"),
        (replace(ANNA, birth_date=date(2016, 3, 1)), "year of birth"),
        (Patient(id="B", birth_date=date(1950, 3, 1), sex="M"), "year of birth and sex"),
    ],
)
def test_what_is_stated_does_not_stand_against_sex_and_year_of_birth(other: Patient, named: str) -> None:
    with pytest.raises(DifferentPatients, match=f"differ in {named}") as refused:
        require_one_patient(of(ANNA), of(other), same_patient=True)
    assert "1950" not in str(refused.value)
