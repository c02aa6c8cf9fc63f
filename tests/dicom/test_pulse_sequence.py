from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom import find_series, survey
from tests.dicom.making import MR_STORAGE, make_stack

ARRAY = np.zeros((4, 8, 8), np.int16)


@pytest.mark.parametrize(("written", "tesla"), [("1.5", 1.5), ("15000", 1.5), (None, None)])
def test_facts_of_a_sequence_are_read_and_shown(tmp_path: Path, written: str | None, tesla: float | None):
    make_stack(
        tmp_path,
        ARRAY,
        SOPClassUID=MR_STORAGE,
        Modality="MR",
        EchoTime="45",
        RepetitionTime="4500",
        InversionTime="220",
        FlipAngle="150",
        EchoTrainLength="11",
        MagneticFieldStrength=written,
        ScanningSequence=["SE", "IR"],
        SequenceVariant="SK",
        ScanOptions=["FS", "PFP"],
    )
    (series,) = find_series(tmp_path)
    facts = series.acquisition.sequence
    assert (facts.echo_time_ms, facts.repetition_time_ms, facts.inversion_time_ms) == (45.0, 4500.0, 220.0)
    assert (facts.flip_angle_degrees, facts.echo_train_length, facts.echoes) == (150.0, 11, 1)
    assert facts.field_strength_t == tesla
    assert facts.kinds == ("SE", "IR", "SK", "FS", "PFP")
    (line,) = survey([series])
    assert "TR 4500 ms, TE 45 ms, TI 220 ms, flip angle 150°" in line.protocol


def test_echoes_of_one_series_know_their_own_time_and_how_many_there_are(tmp_path: Path):
    for number, time in enumerate(("2.3", "4.6", "6.9"), 1):
        make_stack(
            tmp_path / str(number),
            ARRAY,
            first=10 * number,
            SOPClassUID=MR_STORAGE,
            Modality="MR",
            EchoTime=time,
            ScanningSequence="GR",
        )
    found = find_series(tmp_path)
    assert sorted(one.acquisition.sequence.echo_time_ms or 0 for one in found) == [2.3, 4.6, 6.9]
    assert {one.acquisition.sequence.echoes for one in found} == {3}
