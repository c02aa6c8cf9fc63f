"""What was found in muscle MRI, kept in a study and taken from it again; the reference of STIR of a reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.muscle.maps.stir_reference import ReferenceBall
from ctreview.muscle.measures import MeasureSettings
from ctreview.muscle.scheme import SIDES
from ctreview.phantom.muscle import ADULT_LEGS, MrScanner, make_legs, scan_dixon, scan_stir
from ctreview.recipes.muscle_mri import MuscleMriSettings
from ctreview.recipes.muscle_mri.comparability import check_subjects
from ctreview.recipes.muscle_mri.referenced import with_stir_reference
from ctreview.recipes.muscle_mri.shared_part import SharedPart
from ctreview.review.journal import ReadingJournal
from ctreview.review.muscle import FoundMuscle, MuscleReview, find_muscle
from ctreview.review.stored_muscle import store_muscle, stored_muscle
from ctreview.study import Study
from ctreview.volume.contrasts import Examination, examination


@pytest.fixture(scope="module")
def images() -> Examination:
    legs = make_legs(replace(ADULT_LEGS, spacing=(20.0, 4.0, 4.0), pelvis=False))
    dixon = scan_dixon(legs)
    return examination([dixon.water, dixon.fat, scan_stir(legs, MrScanner(seed=2))])


@pytest.fixture(scope="module")
def found(images: Examination) -> FoundMuscle:
    return find_muscle([images])


@pytest.fixture
def study(found: FoundMuscle, images: Examination, tmp_path: Path) -> Study:
    made = Study.create(tmp_path / "study")
    made.add_timepoint(images.contrasts[0].volume, path="scan", series=None, masks=())
    store_muscle(made, found, (1,))
    return made


def test_what_is_kept_measures_as_what_was_found(study: Study, found: FoundMuscle, images: Examination) -> None:
    again = stored_muscle(study, [images], (1,), found.settings)
    assert again is not None
    (was,), (now,) = found.scans, again.scans
    assert np.array_equal(now.labels.array, was.labels.array)
    assert now.to_dict() == was.to_dict()
    assert all(np.array_equal(a.array, b.array) for a, b in zip(now.maps, was.maps, strict=True))
    assert find_muscle([images], known=again).scans[0] is now, "and nothing is found anew"


def test_it_is_found_anew_by_other_settings_on_other_images_and_where_a_file_is_broken(
    study: Study, found: FoundMuscle, images: Examination
) -> None:
    others = MuscleMriSettings(measures=MeasureSettings(erode_mm=4.0))
    assert stored_muscle(study, [images], (1,), others) is None
    assert stored_muscle(study, [images], (1,), replace(others, measures=MeasureSettings(), threads=7)) is not None
    stir = images.contrasts[2]
    brighter = replace(stir, acquired=stir.acquired.with_array(stir.acquired.array + np.float32(1)))
    assert stored_muscle(study, [Examination((*images.contrasts[:2], brighter))], (1,), found.settings) is None
    kept = study.folder / "timepoints" / "1" / "muscle.npz"
    kept.write_bytes(kept.read_bytes()[:-100])
    assert stored_muscle(study, [images], (1,), found.settings) is None


def test_a_reference_is_confirmed_recorded_and_replayed(found: FoundMuscle) -> None:
    records: list[Edit] = []
    journal = ReadingJournal((), keep=records.append)
    review = MuscleReview(found.examinations, found, author="anna", journal=journal)
    assert found.scans[0].proposed_reference is not None
    ball = ReferenceBall((72.0, -32.0, -63.6), 25.0)  # within the left thigh; slices are thick here
    assert review.measured().scans[0].found.value("right_thigh", "stir_ratio_median") is None
    review.confirm_stir_reference(0, ball)
    scan = review.measured().scans[0]
    assert scan.found.value("right_thigh", "stir_ratio_median") == pytest.approx(1.0, abs=0.2)
    assert "stir_reference_not_confirmed" not in {check.name for check in scan.checks}
    replayed = MuscleReview(found.examinations, found, author="anna", journal=ReadingJournal(records))
    assert replayed.stir_reference(0) == review.stir_reference(0)
    assert replayed.measured().scans[0].to_dict() == scan.to_dict()


def test_a_reference_is_proposed_within_a_group_that_was_drawn(found: FoundMuscle) -> None:
    review = MuscleReview(found.examinations, found, author="anna", journal=ReadingJournal(()))
    muscle = np.argwhere(review.tissues[0].labels.mask("left_muscle"))
    at = [float(v) for v in review.tissues[0].base.geometry.to_lps(muscle[len(muscle) // 2])]
    settings = {"radius_mm": 30.0, "shape": "ball"}
    stroke = {"points": [at], "label": "left_quadriceps", "plane": 0, "settings": settings}
    review.act(review.group_number(0), "brush", stroke)
    ball = review.propose_in_group(0, "left_quadriceps", 8.0)
    assert ball is not None
    drawn = review.groups[0].labels.mask("left_quadriceps")
    assert drawn[ball.mask(review.groups[0].base.geometry)].mean() > 0.8
    assert review.propose_in_group(0, "left_quadriceps", 80.0) is None


def test_a_reference_outside_stir_is_refused_and_one_of_a_journal_is_told(found: FoundMuscle) -> None:
    outside = ReferenceBall((900.0, 0.0, 0.0), 8.0)
    journal = ReadingJournal(())
    review = MuscleReview(found.examinations, found, author="anna", journal=journal)
    with pytest.raises(WrongUse, match="outside the image"):
        review.referenced(0, outside)
    review.confirm_stir_reference(0, outside)
    scan = review.measured().scans[0]
    assert scan.stir_reference is None
    assert any("does not apply" in check.message for check in scan.checks)


def test_ratios_over_references_in_unlike_places_get_no_verdict(found: FoundMuscle) -> None:
    (scan,) = found.scans
    proposed = scan.proposed_reference
    assert proposed is not None
    x, y, z = proposed.centre_mm

    def stopped(*centre: float) -> list[str]:
        pair = [with_stir_reference(scan, ReferenceBall(at, 25.0)) for at in (proposed.centre_mm, centre)]
        shared = [SharedPart(side, (-999.0, 999.0), (-999.0, 999.0), "femur", 1.0, (1.0, 1.0)) for side in SIDES]
        checks = check_subjects((pair[0], pair[1]), shared)["stir_ratio"]
        return [one.name for one in checks if one.stops]

    assert stopped(x, y + 10.0, z) == []
    middle = float(scan.labels.geometry.corners()[:, 2].mean())
    assert stopped(x, y, z + 60.0 if z < middle else z - 60.0) == ["stir_reference_place"]
    assert stopped(-x, y, z) == ["stir_reference_place"], "of the other thigh"
