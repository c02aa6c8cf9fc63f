"""Pairs of real scans of which it is known that there is no change, or nothing to compare.

Every second pixel of each; `make bench` compares the two kernels, and more such pairs, as they are.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ctreview.dicom.acquisition import Patient
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.real_scans import thinned_out
from tests.without_lobes import compare

pytestmark = [pytest.mark.data, pytest.mark.slow]


def every_second_pixel(path: Path) -> Volume:
    return thinned_out(load_volume(path).canonical(), 2)


def unnamed(volume: Volume) -> Volume:
    """The scan with nothing in its header that says whose it is."""
    return dataclasses.replace(volume, acquisition=dataclasses.replace(volume.acquisition, patient=Patient()))


def test_two_bodies_without_identity_get_no_verdict(shared_data: Path) -> None:
    one, other = (unnamed(every_second_pixel(shared_data / name)) for name in ("nlst", "lidc_0001/dicom"))
    found = compare(one, other)
    assert found.verdict == "not_interpretable"
    assert "registration_matched" in {check.name for check in found.checks if check.stops}


def test_two_kernels_of_one_acquisition_never_have_a_direction(shared_data: Path) -> None:
    sharp, soft = (every_second_pixel(shared_data / "two_kernels_soft" / name) for name in ("lung", "body"))
    found = compare(sharp, soft)
    assert {region.verdict for region in found.regions} <= {"unchanged", "indeterminate", "not_interpretable"}
