from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.errors import UnreadableFile, WrongModality, WrongUse
from ctreview.muscle.ultrasound import load_ultrasound
from ctreview.phantom.muscle import CHILD_LEGS, make_legs, scan_ultrasound, write_ultrasound


@pytest.fixture(scope="module")
def frames() -> list:
    legs = make_legs(replace(CHILD_LEGS, pelvis=False))
    return [scan_ultrasound(legs, "right", seed=seed) for seed in (1, 2)]


def test_thickness_between_fascia_and_bone_is_that_of_the_phantom(frames: list, tmp_path: Path):
    write_ultrasound(frames[:1], tmp_path / "still.dcm")
    found = load_ultrasound(tmp_path / "still.dcm")
    region = found.region()
    column = found.frames.shape[2] // 2
    profile = found.frames[0, :, column - 20 : column + 20].mean(axis=1)
    bone = int(np.argmax(profile))  # the brightest echo
    fascia = region.top + round((CHILD_LEGS.subcutaneous_mm + 1.3) / region.row_mm)
    near = slice(max(region.top + 30, fascia - 30), fascia + 30)
    start = near.start + int(np.argmax(profile[near]))
    assert (bone - start) * region.row_mm == pytest.approx(frames[0].muscle_mm, abs=2.0)


def test_a_cine_has_frames_and_their_interval(frames: list, tmp_path: Path):
    write_ultrasound(frames, tmp_path / "cine.dcm")
    found = load_ultrasound(tmp_path / "cine.dcm")
    assert found.frames.shape[0] == 2
    assert found.seconds == pytest.approx(0.04)
    assert np.array_equal(found.frames[1], frames[1].image)
    assert found.volume().geometry.spacing[1:] == pytest.approx((0.1, 0.1))


def test_without_a_scale_nothing_is_measured(frames: list, tmp_path: Path):
    import pydicom

    write_ultrasound(frames[:1], tmp_path / "still.dcm")
    data = pydicom.dcmread(tmp_path / "still.dcm")
    del data.SequenceOfUltrasoundRegions
    data.save_as(tmp_path / "bare.dcm")
    with pytest.raises(WrongUse, match="no scale"):
        load_ultrasound(tmp_path / "bare.dcm").region()
    data.Modality, data.SOPClassUID = "CT", "1.2.840.10008.5.1.4.1.1.2"
    data.save_as(tmp_path / "ct.dcm")
    with pytest.raises(WrongModality, match="CT"):
        load_ultrasound(tmp_path / "ct.dcm")
    (tmp_path / "text.dcm").write_text("no")
    with pytest.raises(UnreadableFile):
        load_ultrasound(tmp_path / "text.dcm")
