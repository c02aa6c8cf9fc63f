"""Engines of third parties: asked, and believed only where the answer can be lungs."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.errors import GridMismatch, SegmentationFailed, WrongUse
from ctreview.models import STRUCTURES, Readiness, run_segmenter
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

SHAPE, SPACING = (60, 50, 80), 4.0
RIGHT, LEFT = (slice(5, 55), slice(8, 42), slice(5, 35)), (slice(5, 55), slice(8, 42), slice(45, 75))


def chest(*, lung_hu: float = -850.0, flipped: bool = False) -> Volume:
    array = np.full(SHAPE, 40.0, dtype=np.float32)
    array[RIGHT] = array[LEFT] = lung_hu
    geometry = Geometry(SHAPE, _affine(), "phantom")
    volume = Volume(array, geometry)
    if not flipped:
        return volume
    affine = _affine()
    affine[:3, 0] *= -1
    affine[:3, 3] -= affine[:3, 0] * (SHAPE[0] - 1)
    return Volume(array[::-1], Geometry(SHAPE, affine, "phantom"))


def _affine() -> np.ndarray:
    affine = np.zeros((4, 4))
    affine[2, 0] = affine[1, 1] = affine[0, 2] = SPACING
    affine[3, 3] = 1.0
    return affine


def lobes() -> np.ndarray:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[RIGHT], labels[LEFT] = 3, 5
    labels[38:55, 8:42, 5:35], labels[30:38, 8:42, 5:35] = 1, 2
    labels[30:55, 8:42, 45:75] = 4
    return labels


class Engine:
    name, licence, structures = "stand-in", "none", ("lungs", "lobes")

    def __init__(self, answer, state=None):
        self.answer, self.state, self.seen = answer, state or Readiness(True, "1"), None

    def readiness(self, structure):
        return self.state

    def segment(self, volume, structure, progress):
        self.seen = volume
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_lobes_become_a_label_map_with_their_names():
    found = run_segmenter(Engine(lobes()), chest(), "lobes")
    assert tuple(label.key for label in found.scheme) == STRUCTURES["lobes"]
    assert found.voxels["left_upper_lobe"] == 25 * 34 * 30


def test_the_engine_is_handed_canonical_axes():
    engine = Engine(lobes())
    found = run_segmenter(engine, chest(flipped=True), "lobes")
    assert engine.seen.geometry.affine[2, 0] > 0
    assert found.geometry is engine.seen.geometry


def mirrored(labels: np.ndarray) -> np.ndarray:
    return labels[:, :, ::-1]


def upside_down(labels: np.ndarray) -> np.ndarray:
    return labels[::-1]


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (mirrored, "exchanged"),
        (upside_down, "lies below"),
        (lambda labels: labels * 0, "0 mL in all"),
        (lambda labels: labels + 3, "not of lobes"),
    ],
)
def test_what_cannot_be_lobes_is_refused_with_the_reason(spoilt, reason):
    with pytest.raises(SegmentationFailed, match=reason):
        run_segmenter(Engine(spoilt(lobes())), chest(), "lobes")


def test_lungs_that_hold_no_air_are_refused():
    with pytest.raises(SegmentationFailed, match="holds air"):
        run_segmenter(Engine(lobes()), chest(lung_hu=40.0), "lobes")


def test_another_grid_is_refused():
    with pytest.raises(GridMismatch):
        run_segmenter(Engine(lobes()[:-1]), chest(), "lobes")


def test_an_engine_that_is_not_ready_is_not_run():
    engine = Engine(lobes(), Readiness(False, "1", "the weights are not there", "Fetch them."))
    with pytest.raises(WrongUse, match=r"weights are not there\. Fetch them"):
        run_segmenter(engine, chest(), "lobes")
    assert engine.seen is None


def test_a_fault_of_the_engine_is_one_clear_error():
    with pytest.raises(SegmentationFailed, match=r"stand-in failed \(KeyError\)"):
        run_segmenter(Engine(KeyError("patient name")), chest(), "lobes")


def test_a_lobe_that_is_missing_or_torn_is_told():
    labels = lobes()
    labels[labels == 2] = 1
    labels[6:8, 8:42, 46:74] = 4
    checks = {check.name: check for check in run_segmenter(Engine(labels), chest(), "lobes").checks}
    assert checks["engine_lobes_parts"].regions == ("right_middle_lobe",)
    assert "left_upper_lobe" in checks["engine_lobes_pieces"].regions
    assert not checks["engine_lobes_shares"].ok


def test_lungs_as_they_should_be_fail_no_check():
    labels = lobes()
    labels = np.where(labels > 3, 2, labels > 0).astype(np.uint8)
    assert all(check.ok for check in run_segmenter(Engine(labels), chest(), "lungs").checks)


def test_the_result_says_who_gave_it_and_by_which_weights(tmp_path):
    weights = tmp_path / "net.pth"
    weights.write_bytes(b"abc")
    found = run_segmenter(Engine(lobes(), Readiness(True, "1.2", weights={"net": weights})), chest(), "lobes")
    assert found.engine.title == "stand-in 1.2"
    assert found.engine.weights_sha256 == {"net": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
