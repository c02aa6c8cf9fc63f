"""What stands in the corners of a pane: which scan this is and how it was made; nothing of whom it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ctreview.dicom.acquisition import Acquisition
from ctreview.volume.volume import Volume

__all__ = ["ScanTiming", "dates_swapped", "facts", "posture"]

_TURN = {"S": "supine", "P": "prone", "DL": "left side down", "DR": "right side down"}
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
    """

    title: str
    day: int | None = None
    date: datetime | None = None

    @classmethod
    def of(cls, title: str, scan: Acquisition, baseline: Acquisition | None, *, identify: bool = False) -> ScanTiming:
        """Days since baseline, where that is there; with ``identify`` the date too."""
        day = None
        if baseline is not None and scan.acquired is not None and baseline.acquired is not None:
            day = (scan.acquired.date() - baseline.acquired.date()).days
        return cls(title, day, scan.acquired if identify else None)

    @property
    def lines(self) -> tuple[str, ...]:
        """Title with the day, then the date."""
        day = "" if self.day is None else f"   day {self.day:+d}".replace("-", "−") if self.day else "   day 0"
        date = () if self.date is None else (self.date.date().isoformat(),)
        return (self.title.upper() + day, *date)


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
