from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.pulse_sequence import PulseSequence
from ctreview.volume.geometry import Geometry
from ctreview.volume.mr_contrast import contrast_name
from ctreview.volume.volume import Volume


def image(described: str = "", sequence: PulseSequence = PulseSequence()) -> Volume:  # noqa: B008 - frozen
    grid = Geometry.aligned((2, 2, 2), (1, 1, 1), frame_of_reference="1.2.3")
    facts = Acquisition(modality="MR", description=described, sequence=sequence)
    return Volume(np.zeros((2, 2, 2), np.float32), grid, "arbitrary", facts)


@pytest.mark.parametrize(
    ("described", "name"),
    [
        ("t1_tse_tra", "T1"),
        ("T2 TSE axial", "T2"),
        ("t2_tirm_cor", "STIR"),
        ("STIR longTE", "STIR"),
        ("t2 fs tse", "T2 fat suppressed"),
        ("t1_vibe_dixon_tra_W", "Dixon water"),
        ("t1_vibe_dixon_tra_F", "Dixon fat"),
        ("mDIXON opp-phase", "Dixon opposed phase"),
        ("PDFF liver", "fat fraction"),
        ("survey", "survey"),
        ("", "MR"),
    ],
)
def test_a_description_names_the_contrast_where_the_header_says_no_more(described: str, name: str) -> None:
    assert contrast_name(image(described)) == name


@pytest.mark.parametrize(
    ("image_type", "name"),
    [
        (("DERIVED", "PRIMARY", "DIXON", "WATER"), "Dixon water"),
        (("ORIGINAL", "PRIMARY", "M", "DIXON", "OPP_PHASE"), "Dixon opposed phase"),
        (("DERIVED", "PRIMARY", "W", "W", "DERIVED"), "Dixon water"),
        (("DERIVED", "PRIMARY", "F", "F", "DERIVED"), "Dixon fat"),
        (("ORIGINAL", "PRIMARY", "IP", "IP", "DERIVED"), "Dixon in phase"),
        (("DERIVED", "PRIMARY", "DIXON", "OUTPHASE"), "Dixon opposed phase"),
        (("DERIVED", "PRIMARY", "FF", "FF", "DERIVED"), "fat fraction"),
        (("DERIVED", "PRIMARY", "ADC", "NORM"), "ADC"),
        (("DERIVED", "PRIMARY", "T2 MAP", "NORM"), "T2 map"),
        (("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"), "t1 vibe"),
    ],
)
def test_an_image_type_of_any_vendor_outranks_the_description(image_type: tuple[str, ...], name: str):
    described = "t1 vibe"
    found = contrast_name(image(described, PulseSequence(image_type=image_type)))
    assert found == (name if name != described else "T1")


SPIN = PulseSequence(kinds=("SE", "SK"), field_strength_t=3.0)


@pytest.mark.parametrize(
    ("sequence", "described", "name"),
    [
        (replace(SPIN, echo_time_ms=11.0, repetition_time_ms=600.0), "axial", "T1"),
        (replace(SPIN, echo_time_ms=90.0, repetition_time_ms=4500.0), "axial", "T2"),
        (replace(SPIN, echo_time_ms=90.0, repetition_time_ms=4500.0, kinds=("SE", "FS")), "t2", "T2 fat suppressed"),
        (replace(SPIN, echo_time_ms=45.0, repetition_time_ms=4500.0, inversion_time_ms=220.0), "T2 tse", "STIR"),
        (replace(SPIN, inversion_time_ms=2500.0, repetition_time_ms=9000.0, echo_time_ms=90.0), "flair", "flair"),
        (replace(SPIN, echo_time_ms=20.0, repetition_time_ms=3000.0, echoes=17), "t2 map se", "spin echo 20 ms"),
    ],
)
def test_times_name_the_weighting(sequence: PulseSequence, described: str, name: str):
    assert contrast_name(image(described, sequence)) == name


@pytest.mark.parametrize(
    ("field", "time", "name"),
    [(1.5, 2.3, "opposed"), (1.5, 4.6, "in"), (3.0, 1.15, "opposed"), (3.0, 2.3, "in")],
)
def test_two_gradient_echoes_are_named_by_the_angle_of_fat(field: float, time: float, name: str):
    pair = PulseSequence(time, kinds=("GR", "SP"), field_strength_t=field, echoes=2)
    assert contrast_name(image("gre", pair)) == f"Dixon {name} phase"
    train = replace(pair, echoes=6)
    assert contrast_name(image("gre", train)) == f"gradient echo {time:g} ms"
