"""What stands in the corners of a pane: which scan this is and how it was made; nothing of whom it shows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from ctreview.dicom.acquisition import Acquisition
from ctreview.volume.geometry import FloatArray
from ctreview.volume.volume import Volume
from napari_ctreview.viewer.planes import Plane

__all__ = ["ScanTiming", "dates_swapped", "facts", "posture", "slice_text"]

_TURN = {"S": "supine", "P": "prone", "DL": "left side down", "DR": "right side down"}
_SIDES = (("H", "F"), ("P", "A"), ("L", "R"))
_FIRST = {"HF": "head first", "FF": "feet first"}


@dataclass(frozen=True)
class ScanTiming:
    """When a scan was made, as far as it is shown.

    Attributes
    ----------
    title : str
        "baseline", "follow-up", or "A" and "B" for a blinded reader.
    day : int or None
        Days since baseline.
    date : datetime or None
        The date itself, where the reader asked for it.
    patient : str
        The patient's name, where the reader asked for it.
    """

    title: str
    day: int | None = None
    date: datetime | None = None
    patient: str = field(default="", repr=False)

    @classmethod
    def of(cls, title: str, scan: Acquisition, baseline: Acquisition | None, *, identify: bool = False) -> ScanTiming:
        """Days since baseline, where that is there; with ``identify`` the date too."""
        day = None
        if baseline is not None and scan.acquired is not None and baseline.acquired is not None:
            day = (scan.acquired.date() - baseline.acquired.date()).days
        return cls(title, day, scan.acquired if identify else None)

    def identified(self, scan: Acquisition | None) -> ScanTiming:
        """The same with the name and the date of a scan's header, or without both."""
        if scan is None:
            return replace(self, date=None, patient="")
        return replace(self, date=scan.acquired, patient=(scan.patient.name or "name not stated").replace("^", " "))

    @property
    def lines(self) -> tuple[str, ...]:
        """Title with the day, then the patient's name and the date."""
        day = "" if self.day is None else f"   day {self.day:+d}".replace("-", "−") if self.day else "   day 0"
        date = () if self.date is None else (self.date.date().isoformat(),)
        return (self.title.upper() + day, *((self.patient,) if self.patient else ()), *date)


def facts(volume: Volume) -> tuple[str, ...]:
    """How a scan was made, a line each; what the header does not say is named, where it matters for density."""
    scan = volume.acquisition
    across = volume.geometry.spacing[0]
    slices = f"{across:.2f} mm slices"
    if scan.slice_thickness_mm is not None and abs(scan.slice_thickness_mm - across) > 0.05:
        slices = f"{scan.slice_thickness_mm:g} mm slices every {across:.2f} mm"
    made = [
        "" if scan.age_years is None else f"{scan.age_years:.1f} years",
        " ".join(word for word in (scan.modality or "", f"kernel {scan.kernel}" if scan.kernel else "") if word),
        slices,
        posture(scan.posture),
    ]
    if volume.unit == "HU":
        contrast = {True: "contrast given", False: "no contrast", None: "contrast not stated"}[scan.contrast]
        made.insert(3, "kV not stated" if scan.kvp is None else f"{scan.kvp:.0f} kV")
        made.insert(4, contrast)
    if scan.lossy:
        made.append("lossy compression")
    return tuple(line for line in made if line)


def slice_text(volume: Volume, plane: Plane, lps: FloatArray) -> str:
    """Which slice this is: by the archive's number where it has one ("Im"), else counted, and where in millimetres.

    Parameters
    ----------
    volume : Volume
    plane : Plane
        What is on screen.
    lps : ndarray, shape (3,)
        A place on the slice; the letter says on which side of the scanner's origin it lies.
    """
    axis = plane.value
    count = volume.geometry.shape[axis]
    number = min(max(round(float(volume.geometry.to_index(lps)[axis])), 0), count - 1)
    known = volume.slice_numbers
    name = f"Im {known.numbers[number]}" if known is not None and known.axis == axis else f"{number + 1}"
    mm = float(lps[2 - axis])
    side = _SIDES[axis][int(mm < 0)]
    return f"{plane.name.lower()} {name}/{count}  {side} {abs(mm):.1f} mm"


def posture(code: str | None) -> str:
    """A DICOM patient position in words: "supine, head first"."""
    if not code:
        return "posture not stated"
    turn, first = _TURN.get(code[2:]), _FIRST.get(code[:2])
    return f"{turn}, {first}" if turn and first else code


def dates_swapped(baseline: Acquisition, followup: Acquisition) -> str:
    """A warning where the follow-up is older than the baseline, else an empty text."""
    if baseline.acquired is None or followup.acquired is None or followup.acquired >= baseline.acquired:
        return ""
    days = (baseline.acquired.date() - followup.acquired.date()).days
    apart = f"{days} day{'' if days == 1 else 's'}" if days else "hours"
    return f"Dates are swapped: this follow-up was made {apart} before the baseline"
