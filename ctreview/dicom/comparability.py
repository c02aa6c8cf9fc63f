"""Whether two images may be compared: the same person, posture, contrast, tube, slices, kernel, scanner."""

from __future__ import annotations

from typing import NamedTuple

from ctreview.checks import Check, Effect
from ctreview.dicom.acquisition import Acquisition

__all__ = ["AcquisitionChecks", "compare_acquisitions", "kernels_differ", "posture_in_words"]

KVP_APART = 5.0
"""kV by which tube voltages may differ: they come in steps of 10 or 20, and headers round."""

THICKNESS_RATIO = 1.25
"""Ratio of slice thicknesses up to which noise and partial volume count as alike."""

GREATEST_THICKNESS_RATIO, THIN_MM = 2.0, 3.0
"""Beyond this ratio there is no verdict, unless both are thin."""

GREATEST_THICKNESS_MM = 5.0
"""The thickest slices that measuring was tried on with success: averaged to 6 mm, planted opacity of 249 and 61 mL was
found as 340 and 163 mL."""

_POSTURES = {"S": "supine", "P": "prone", "DR": "lying on the right side", "DL": "lying on the left side"}


class AcquisitionChecks(NamedTuple):
    """What two headers were looked at for.

    Attributes
    ----------
    patient : Check
        ``same_patient``, or ``same_patient_stated`` where the headers differ and somebody states it.
    contrast, posture, tube_voltage, slice_thickness, kernel, scanner, lossy_compression : Check
    """

    patient: Check
    contrast: Check
    posture: Check
    tube_voltage: Check
    slice_thickness: Check
    kernel: Check
    scanner: Check
    lossy_compression: Check


def compare_acquisitions(
    a: Acquisition, b: Acquisition, *, same_patient: bool = False, sharpness_measured: bool = True
) -> AcquisitionChecks:
    """Look at two headers for what would make a change between them mean something else.

    Parameters
    ----------
    a, b : Acquisition
        Usually baseline and follow-up.
    same_patient : bool
        Whether somebody states that both are of one patient, whatever the ids say.
    sharpness_measured : bool
        Whether the images tell how sharp they are. Else kernels that differ widen intervals.

    Returns
    -------
    AcquisitionChecks
        A header that does not say leaves its check accepted, with a sentence that says so; different patients and
        postures block a verdict. No value carries an identity. Whether the breath was equally deep no header knows.
    """
    return AcquisitionChecks(
        _same_patient(a, b, same_patient),
        _contrast(a, b),
        _posture(a, b),
        _tube_voltage(a, b),
        _slice_thickness(a, b),
        _kernel(a, b, "tells" if sharpness_measured else "widens"),
        _scanner(a, b),
        _lossy(a, b),
    )


def _unknown(name: str, what: str) -> Check:
    return Check(name, None, None, True, f"At least one header does not say the {what}, so it could not be compared.")


def _same_patient(a: Acquisition, b: Acquisition, stated: bool) -> Check:
    conflicts = a.patient.conflicts(b.patient)
    if conflicts and stated and not a.patient.contradictions(b.patient):
        fields = " and ".join(conflicts)
        message = (
            f"The two headers differ in the patient's {fields}; whoever compared them stated that it is one patient."
        )
        return Check("same_patient_stated", f"{fields} differ", "same", False, message)
    if conflicts:
        fields = " and ".join(conflicts)
        message = f"The two headers name different patients ({fields} differ)."
        return Check("same_patient", f"{fields} differ", "same", False, message, effect="stops")
    known = [
        name
        for name, ours, theirs in (
            ("id", a.patient.id, b.patient.id),
            ("birth date", a.patient.birth_date, b.patient.birth_date),
            ("sex", a.patient.sex, b.patient.sex),
        )
        if ours and theirs
    ]
    if not known:
        return _unknown("same_patient", "patient")
    return Check("same_patient", "same", "same", True, f"Both headers agree on the patient's {' and '.join(known)}.")


def _contrast(a: Acquisition, b: Acquisition) -> Check:
    if a.contrast is None or b.contrast is None:
        return _unknown("contrast", "contrast agent")
    if a.contrast == b.contrast:
        word = "with" if a.contrast else "without"
        return Check("contrast", f"both {word}", "same", True, f"Both were acquired {word} contrast agent.")
    message = (
        "One was acquired with contrast agent and the other without; contrast raises the density of lung and vessels, "
        "which looks like more opacity."
    )
    return Check("contrast", f"{_yes(a.contrast)}/{_yes(b.contrast)}", "same", False, message, effect="widens")


def _yes(contrast: bool) -> str:
    return "with" if contrast else "without"


def _posture(a: Acquisition, b: Acquisition) -> Check:
    one, other = posture_in_words(a.posture), posture_in_words(b.posture)
    if one is None or other is None:
        return _unknown("posture", "posture")
    if one == other:
        return Check("posture", one, "same", True, f"Both were acquired {one}.")
    message = f"One was acquired {one}, the other {other}; dependent density moves with gravity."
    return Check("posture", f"{one}/{other}", "same", False, message, effect="stops")


def posture_in_words(posture: str | None) -> str | None:
    """``"supine"`` and the like from ``"HFS"``: whether head or feet went in first does not matter."""
    return _POSTURES.get((posture or "")[2:])


def _tube_voltage(a: Acquisition, b: Acquisition) -> Check:
    if a.kvp is None or b.kvp is None:
        return _unknown("tube_voltage", "tube voltage")
    apart = abs(a.kvp - b.kvp)
    ok = apart <= KVP_APART
    message = f"The tube voltages were {a.kvp:g} and {b.kvp:g} kV"
    message += "." if ok else "; densities of contrast agent and bone shift with it, those of lung little."
    return Check("tube_voltage", apart, KVP_APART, ok, message)


def _slice_thickness(a: Acquisition, b: Acquisition) -> Check:
    one, other = a.slice_thickness_mm, b.slice_thickness_mm
    if one is None or other is None:
        return _unknown("slice_thickness", "slice thickness")
    ratio, thickest = max(one, other) / min(one, other), max(one, other)
    unlike = ratio > GREATEST_THICKNESS_RATIO and thickest > THIN_MM
    message = f"The slices are {one:g} and {other:g} mm thick"
    if thickest > GREATEST_THICKNESS_MM:
        message += f", and measuring was shown to hold up to {GREATEST_THICKNESS_MM:g} mm."
        return Check("slice_thickness", thickest, GREATEST_THICKNESS_MM, False, message, effect="stops")
    ok = ratio <= THICKNESS_RATIO
    message += "." if ok else "; thicker slices blur small vessels and thin opacities into their surroundings."
    limit = GREATEST_THICKNESS_RATIO if unlike else THICKNESS_RATIO
    return Check("slice_thickness", round(ratio, 3), limit, ok, message, effect="stops" if unlike else "widens")


def kernels_differ(a: Acquisition, b: Acquisition) -> bool:
    """Whether two images were reconstructed with different kernels; not so where one is unknown."""
    return bool(a.kernel and b.kernel) and str(a.kernel).upper() != str(b.kernel).upper()


def _kernel(a: Acquisition, b: Acquisition, effect: Effect) -> Check:
    if not a.kernel or not b.kernel:
        return _unknown("kernel", "reconstruction kernel")
    ok = not kernels_differ(a, b)
    message = f"Both were reconstructed with {a.kernel}."
    if not ok:
        message = (
            f"The reconstruction kernels differ ({a.kernel} and {b.kernel}); that alone shifts density measures by up "
            "to 14 %."
        )
    return Check("kernel", a.kernel if ok else f"{a.kernel}/{b.kernel}", "same", ok, message, effect=effect)


def _scanner(a: Acquisition, b: Acquisition) -> Check:
    one, other = _device(a), _device(b)
    if not one or not other:
        return _unknown("scanner", "scanner")
    ok = one.upper() == other.upper()
    message = f"Both were acquired on a {one}." if ok else f"The scanners differ ({one} and {other})."
    return Check("scanner", one if ok else f"{one}/{other}", "same", ok, message)


def _device(acquisition: Acquisition) -> str:
    return " ".join(part for part in (acquisition.manufacturer, acquisition.scanner) if part)


def _lossy(a: Acquisition, b: Acquisition) -> Check:
    lossy = [name for name, one in (("first", a), ("second", b)) if one.lossy]
    if not lossy:
        return Check("lossy_compression", "none", "none", True, "Neither image went through a lossy compression.")
    which = "Both images" if len(lossy) == 2 else f"The {lossy[0]} image"
    message = f"{which} went through a lossy compression, which changes densities."
    return Check("lossy_compression", "/".join(lossy), "none", False, message)
