"""The gate before a comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.dicom.comparability import compare_acquisitions

CHILD = Acquisition(
    modality="CT",
    patient=Patient(id="P1", name="Doe^Jane", birth_date=date(2017, 5, 1), sex="F"),
    kvp=80,
    kernel="B40f",
    slice_thickness_mm=1.0,
    contrast=False,
    posture="HFS",
    manufacturer="SIEMENS",
    scanner="Force",
)


def _failed(other: Acquisition) -> set[str]:
    return {check.name for check in compare_acquisitions(CHILD, other) if not check.ok}


def test_the_same_protocol_passes_all() -> None:
    checks = compare_acquisitions(CHILD, replace(CHILD, posture="FFS", kvp=82))
    assert [check.name for check in checks] == [
        "same_patient",
        "contrast",
        "posture",
        "tube_voltage",
        "slice_thickness",
        "kernel",
        "scanner",
        "lossy_compression",
    ]
    assert all(check.ok for check in checks)


@pytest.mark.parametrize(
    ("changes", "name", "effect"),
    [
        ({"patient": Patient(id="P2")}, "same_patient", "stops"),
        ({"patient": Patient(id="P1", sex="M")}, "same_patient", "stops"),
        ({"contrast": True}, "contrast", "widens"),
        ({"posture": "HFP"}, "posture", "stops"),
        ({"posture": "HFDR"}, "posture", "stops"),
        ({"kvp": 120}, "tube_voltage", "tells"),
        ({"slice_thickness_mm": 1.3}, "slice_thickness", "widens"),
        ({"slice_thickness_mm": 2.5}, "slice_thickness", "widens"),  # both thin
        ({"slice_thickness_mm": 4.0}, "slice_thickness", "stops"),
        ({"slice_thickness_mm": 6.0}, "slice_thickness", "stops"),
        ({"kernel": "B70f"}, "kernel", "tells"),
        ({"scanner": "Drive"}, "scanner", "tells"),
        ({"lossy": True}, "lossy_compression", "tells"),
    ],
)
def test_each_difference_is_found(changes: dict[str, object], name: str, effect: str) -> None:
    other = replace(CHILD, **changes)  # type: ignore[arg-type]
    assert _failed(other) == {name}
    check = next(check for check in compare_acquisitions(CHILD, other) if check.name == name)
    assert check.effect == effect
    assert check.message.endswith(".")


def test_kernels_widen_only_where_the_image_does_not_tell_how_sharp_it_is() -> None:
    other = replace(CHILD, kernel="B70f")
    for measured, effect in ((True, "tells"), (False, "widens")):
        assert compare_acquisitions(CHILD, other, sharpness_measured=measured).kernel.effect == effect


def test_silent_headers_are_accepted_and_said() -> None:
    checks = compare_acquisitions(CHILD, Acquisition())
    assert all(check.ok for check in checks)
    assert all("could not be compared" in check.message for check in checks if check.name != "lossy_compression")


def test_no_check_tells_who_it_was() -> None:
    other = replace(CHILD, patient=Patient(id="P2", name="Roe^Jim", birth_date=date(2011, 1, 1), sex="M"))
    for check in compare_acquisitions(CHILD, other):
        for secret in ("P1", "P2", "Doe", "Roe", "2017", "2011"):
            assert secret not in f"{check.message} {check.value}"
