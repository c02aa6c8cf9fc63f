"""Groups of muscles by an engine that stands in: believed where they lie in muscle, left out where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.models import STRUCTURES, Readiness
from ctreview.phantom.muscle import CHILD_LEGS, Legs, make_legs, scan_dixon
from ctreview.recipes.muscle_mri import MuscleMriSettings, engine_groups, measure_muscle
from ctreview.recipes.muscle_mri.check_registry import registered_for_muscle
from ctreview.volume.contrasts import examination

KEYS = STRUCTURES["muscle_groups"]


class GroupEngine:
    name, licence, structures = "stand-in", "no licence", ("muscle_groups",)

    def __init__(self, answer: np.ndarray) -> None:
        self.answer = answer

    def readiness(self, structure: str) -> Readiness:
        return Readiness(True, "2.1")

    def segment(self, volume, structure, progress) -> np.ndarray:
        return self.answer


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(replace(CHILD_LEGS, spacing=(16.0, 2.0, 2.0), pelvis=False))


def answer(legs: Legs, *, off: str = "") -> np.ndarray:
    found = np.zeros(legs.geometry.shape, np.uint8)
    for side in ("right", "left"):
        for group in ("quadriceps", "hamstrings"):
            where = legs.groups.mask(f"{side}_{group}")
            if side == off:
                where = legs.compartments.mask(f"{side}_subcutaneous_fat", f"{side}_bone_marrow")
            found[where] = KEYS.index(f"{side}_{group}") + 1
    return found


def measured(legs: Legs, monkeypatch: pytest.MonkeyPatch, given: np.ndarray):
    monkeypatch.setattr(engine_groups, "find_segmenter", lambda _: GroupEngine(given))
    dixon = scan_dixon(legs)
    return measure_muscle(examination([dixon.water, dixon.fat]), settings=MuscleMriSettings(groups_from="stand-in"))


def test_groups_are_measured_with_version_and_licence_of_their_engine(legs, monkeypatch):
    found = measured(legs, monkeypatch, answer(legs))
    true = legs.groups.mask("left_quadriceps")
    got = found.groups.mask("left_quadriceps")
    assert 2 * np.count_nonzero(true & got) / (true.sum() + got.sum()) > 0.95
    assert (found.found.value("left_quadriceps", "muscle_ml") or 0) > 0
    assert found.to_dict()["engines"]["muscle_groups"] == {
        "name": "stand-in",
        "version": "2.1",
        "licence": "no licence",
        "weights_sha256": {},
    }


def test_a_side_whose_groups_lie_outside_its_muscle_is_left_out_and_said(legs, monkeypatch):
    found = measured(legs, monkeypatch, answer(legs, off="left"))
    assert {label.key for label in found.groups.scheme} == {"right_quadriceps", "right_hamstrings"}
    (check,) = (one for one in found.checks if one.name == "engine_groups_in_muscle")
    assert not check.ok
    assert registered_for_muscle(check.name) is not None


def test_an_engine_that_is_not_there_is_refused(legs):
    dixon = scan_dixon(legs)
    with pytest.raises(WrongUse, match="no segmentation engine is called 'musclemap'"):
        measure_muscle(examination([dixon.water, dixon.fat]), settings=MuscleMriSettings(groups_from="musclemap"))
