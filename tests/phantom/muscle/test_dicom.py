from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom import find_series
from ctreview.phantom.muscle import (
    CHILD_LEGS,
    Legs,
    MrScanner,
    make_legs,
    scan_dixon,
    scan_gradient_echoes,
    scan_stir,
    scan_t1,
    stations,
    write_examination,
)
from ctreview.volume.contrasts import Examination, load_examination, series_of_examination

NAMES = ["T1", "STIR", "Dixon water", "Dixon fat", "Dixon in phase", "Dixon opposed phase"]


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(replace(CHILD_LEGS, spacing=(20.0, 3.0, 3.0)))


def read(folder: Path) -> Examination:
    return load_examination(series_of_examination(find_series(folder)))


@pytest.mark.parametrize("enhanced", [False, True], ids=["classic", "enhanced"])
@pytest.mark.parametrize("vendor", ["Siemens", "Philips", "GE"])
def test_an_examination_of_any_vendor_is_sorted_out(legs: Legs, tmp_path: Path, vendor: str, enhanced: bool):
    dixon, echoes = scan_dixon(legs), scan_gradient_echoes(legs)
    images = [[scan_t1(legs)], [scan_stir(legs)], [dixon.water], [dixon.fat], [dixon.in_phase], [dixon.opposed_phase]]
    write_examination([*images, echoes], tmp_path, vendor=vendor, enhanced=enhanced)
    found = read(tmp_path)
    assert [one.name for one in found.contrasts[:6]] == NAMES
    read_echoes = found.echoes("gradient echo")
    assert [one.acquisition.sequence.echo_time_ms for one in read_echoes] == pytest.approx(
        [one.acquisition.sequence.echo_time_ms for one in echoes]
    )
    facts = read_echoes[2].acquisition.sequence
    assert (facts.echoes, facts.flip_angle_degrees, facts.field_strength_t) == (6, 2.0, 3.0)
    assert np.allclose(read_echoes[2].array, echoes[2].array, atol=0.1)
    stir = found["STIR"].acquired.acquisition.sequence
    assert stir.inversion_time_ms == pytest.approx(256.5, abs=0.5)
    assert stir.repetition_time_ms == pytest.approx(4500.0)


def test_stations_come_back_as_one_image(legs: Legs, tmp_path: Path):
    scanner = MrScanner(stations=2)
    whole = scan_t1(legs, scanner)
    write_examination([[part] for part in stations(whole, scanner)], tmp_path)
    (contrast,) = read(tmp_path).contrasts
    assert contrast.stations == 2
    assert contrast.acquired.geometry.shape == legs.geometry.shape
    assert np.allclose(contrast.acquired.array[0], whole.array[0], atol=0.1)
