"""What each region of a subject held at each timepoint, and how it changed since the first scan and the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["COURSE_COLUMNS", "course_rows"]

ENDS = ("value", "low", "high")

COURSE_COLUMNS: Mapping[str, str] = {
    "timepoint": "the scan",
    "days": "days since the first scan",
    "region": "lungs, a lung, or a part of it",
    "opacity_ml": "ground glass and consolidation, as found beside the first scan (the first beside the second)",
    "volume_ml": "volume of the region",
    **{
        f"since_{what}_{end}": f"change of opacity_ml since the {words} scan, in mL: {said}"
        for what, words in (("baseline", "first"), ("previous", "previous"))
        for end, said in zip(ENDS, ("the number", "lower end of its interval", "upper end of it"), strict=True)
    },
    "since_baseline_verdict": "what that change amounts to",
    "since_previous_verdict": "what that change amounts to",
}
"""The columns of a course and what they hold."""

Change = Mapping[str, Any]
"""The content of a ``change.json``."""


def course_rows(
    names: Sequence[str], against_baseline: Sequence[Change | None], against_previous: Sequence[Change | None]
) -> list[dict[str, Any]]:
    """The course of every region.

    Parameters
    ----------
    names : sequence of str
        The timepoints, the first scan's included.
    against_baseline, against_previous : sequence
        For every later scan its comparison with the first, and with the one before; None where there is none.

    Returns
    -------
    list of dict
        One row for each timepoint and region, with the keys of `COURSE_COLUMNS`. Each pair of scans is judged side by
        side, so that what it finds in a scan may differ by some millilitres from what another pair finds in the same:
        changes are those of their pair, and not differences of the column ``opacity_ml``.
    """
    first = next((one for one in against_baseline if one is not None), None)
    rows = [] if first is None else [_row(names[0], 0, region, region["baseline"]) for region in first["regions"]]
    for name, since_first, since_previous in zip(names[1:], against_baseline, against_previous, strict=True):
        rows += _of_timepoint(name, since_first, since_previous)
    return rows


def _of_timepoint(name: str, since_first: Change | None, since_previous: Change | None) -> list[dict[str, Any]]:
    known = since_first or since_previous
    if known is None:
        return []
    days = None if since_first is None else since_first["interval_days"]
    rows = [_row(name, days, region, region["followup"]) for region in known["regions"]]
    for what, change in (("baseline", since_first), ("previous", since_previous)):
        regions = {} if change is None else {region["region"]: region for region in change["regions"]}
        for row in rows:
            if region := regions.get(row["region"]):
                interval = region["change"]["opacity_ml"]
                row |= {f"since_{what}_{end}": interval[end] for end in ENDS}
                row[f"since_{what}_verdict"] = region["verdict"]
    return rows


def _row(name: str, days: int | None, region: Mapping[str, Any], measures: Mapping[str, Any]) -> dict[str, Any]:
    row = dict.fromkeys(COURSE_COLUMNS)
    known = {"opacity_ml": measures["opacity_ml"], "volume_ml": measures["volume_ml"]}
    return {**row, "timepoint": name, "days": days, "region": region["region"], **known}
