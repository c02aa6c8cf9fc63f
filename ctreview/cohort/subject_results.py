"""The results of one subject of a cohort, for the figure of its course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ctreview.cohort.folder import CohortFolder
from ctreview.errors import WrongUse
from ctreview.report.timeline import ScanPicture

__all__ = ["subject_results"]


def subject_results(
    folder: Path | str, subject: str
) -> tuple[Sequence[Mapping[str, Any]], Sequence[ScanPicture | None]]:
    """Every comparison of a subject with its first scan, and the key image of each scan.

    Raises
    ------
    UnreadableFile
        There is no cohort in this folder.
    WrongUse
        The subject is not in it, or a scan of it has no result.
    """
    cohort = CohortFolder(folder)
    _, every = cohort.results()
    found = [one for one in every if one.case.subject == subject and one.case.against_baseline]
    if not found:
        raise WrongUse("this subject is not in the cohort", where=folder, remedy="Name one of its manifest.")
    missing = [one.case.followup.timepoint for one in found if one.change is None]
    if missing:
        raise WrongUse(
            f"timepoint {missing[0]} of this subject has no result", where=folder, remedy="Run the cohort to its end."
        )
    pictures = [cohort.picture_of(one.case) or {} for one in found]
    images = [_key_image(pictures[0].get("baseline")), *(_key_image(one.get("followup")) for one in pictures)]
    return [one.change for one in found if one.change is not None], images


def _key_image(picture: Mapping[str, Any] | None) -> ScanPicture | None:
    if picture is None:
        return None
    outlines = tuple((colour, path) for colour, path in picture["outlines"])
    return ScanPicture(picture["uri"], picture["width_mm"], picture["height_mm"], outlines)
