"""What a study stores of two prepared scans, what that rests on, and what may no longer be stored in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.anatomy import DenseCandidate, LobeMap
from ctreview.errors import InputRefused, SignedOtherwise, UnreadableFile
from ctreview.recipes.chest_ct import Prepared
from ctreview.recipes.chest_ct.corrections import Edits
from ctreview.recipes.chest_ct.masks import masks_of
from ctreview.recipes.chest_ct.measuring import bands_dict, measure_scan, scan_document
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.review.stored_candidates import CANDIDATES, CANDIDATES_SCHEMA, candidates_document
from ctreview.review.stored_fissures import FISSURES_FILE, FISSURES_SCHEMA, fissures_document
from ctreview.study import AnalysisPlan, Finding, Grade, KeyImage, Study
from ctreview.study.plan import Difference
from ctreview.version import __version__

__all__ = [
    "RECIPE",
    "ImageSource",
    "basis",
    "differ_only_in",
    "plan_of",
    "require_as_signed",
    "require_same_images",
    "require_unsigned",
    "settings_of",
    "store_pair",
]

RECIPE = "chest_ct"


@dataclass(frozen=True)
class ImageSource:
    """Where a scan was loaded from."""

    path: Path
    series: str | None = None


def plan_of(
    prepared: Prepared, age_years: float | None = None, *, allow_different_patients: bool = False
) -> AnalysisPlan:
    """What two prepared scans rest on, with the age that the reader gave and whether two patients were allowed."""
    return AnalysisPlan(
        recipe=RECIPE,
        settings=json.loads(json.dumps(prepared.settings.to_dict())),  # as it is read back: JSON knows no tuples
        age_years=age_years,
        allow_different_patients=allow_different_patients,
        same_patient=prepared.same_patient,
        images=tuple(point.volume.digest for point in prepared.points),
        version=__version__,
    )


def settings_of(study: Study, *, only: str | None = None) -> ChestCtSettings:
    """The settings that a study was made with; today's defaults where it does not say.

    Parameters
    ----------
    study : Study
    only : str, optional
        The field of `ChestCtSettings` that is read; all others are today's defaults.

    Raises
    ------
    UnreadableFile
        It names a setting that this version does not have.
    """
    plan = study.plan
    if plan is None:
        return ChestCtSettings()
    try:
        return ChestCtSettings.from_dict({name: value for name, value in plan.settings.items() if only in (None, name)})
    except UnreadableFile as error:
        raise _not_of_this_version(study, plan, error.found, error.remedy) from error


def _not_of_this_version(study: Study, plan: AnalysisPlan, found: str, remedy: str | None) -> UnreadableFile:
    """Say that a study's settings cannot be read, and which version wrote them; else ``remedy``."""
    remedy = f"Open it with ctreview {plan.version}, which wrote it." if plan.version else remedy
    return UnreadableFile(found, where=study.folder / "plan.json", remedy=remedy)


def basis(
    plan: AnalysisPlan,
    edits: Edits,
    key_images: Sequence[KeyImage] = (),
    findings: Sequence[Finding] = (),
    grades: Sequence[Grade] = (),
) -> str:
    """SHA-256 (hex) of all that a written comparison rests on: the plan, each scan's edits in order, what is shown."""
    rests = [[[edit.to_json() for edit in own] for own in edits], [image.to_json() for image in key_images]]
    if findings:
        rests.append([finding.to_json() for finding in findings])
    if grades:
        rests.append([grade.to_json() for grade in grades])
    return hashlib.sha256(f"{plan.digest}{json.dumps(rests, sort_keys=True)}".encode()).hexdigest()


def store_pair(study: Study, prepared: Prepared, sources: Sequence[ImageSource], plan: AnalysisPlan) -> None:
    """Store two prepared scans in a study, unless it holds just that already.

    What somebody signed stays as it was signed. It may be looked at by another version of ctreview, as long as that
    finds the same by the settings that were recorded.

    Raises
    ------
    InputRefused
        The study was made on other images, or holds a signed reading that rests on something else.
    OSError
        It could not be written.
    """
    kept = _kept_by(study, plan)
    differences = plan.differences(kept)
    require_same_images(study, plan)
    there = len(study.timepoints) == len(sources) and study.filed
    if there and not differences:
        return
    if study.signed:
        require_as_signed(study, plan)
        _require_same_masks(study, prepared, kept, plan)
        return
    with study.planned(plan):
        for number, (point, source) in enumerate(zip(prepared.points, sources, strict=True), 1):
            study.add_timepoint(
                point.volume,
                path=source.path,
                series=source.series,
                masks=masks_of(point),
                measurements=_measurements(prepared, number - 1),
                documents=_documents(prepared, number - 1),
                number=number,
            )


def require_same_images(study: Study, plan: AnalysisPlan) -> None:
    """Refuse what was found in other images than those of the study's timepoints.

    Raises
    ------
    InputRefused
        It names the timepoints.
    """
    kept = _kept_by(study, plan)
    pairs = tuple(zip_longest(kept.images, plan.images, fillvalue=""))
    other = [number for number, (old, new) in enumerate(pairs, 1) if old and new and old != new]
    if any(old and not new for old, new in pairs):
        raise InputRefused(
            f"this study has {_timepoints(kept)}, and {_timepoints(plan)} was read",
            where=study.folder,
            remedy="Read as many as it has, or start a study of its own.",
        )
    if other:
        which = " and ".join(f"timepoint {number}" for number in other)
        raise InputRefused(
            f"the study was made on another image of {which} than was read now",
            where=study.folder,
            remedy="Load the scan that the study was made with, or start a study of its own from the two scans.",
        )


def require_as_signed(study: Study, plan: AnalysisPlan) -> None:
    """Refuse a plan that differs from what somebody signed in more than the version of ctreview.

    Raises
    ------
    InputRefused
        It names what differs.
    """
    other = [one for one in plan.differences(_kept_by(study, plan)) if one.name != "version"]
    if other and study.signed:
        raise InputRefused(
            f"this study holds a signed reading, which rests on something else ({'; '.join(map(str, other))})",
            where=study.folder,
            remedy="Put that back, or start a study of its own from the two scans.",
        )


def require_unsigned(study: Study) -> None:
    """Refuse further timepoints where somebody signed those that are there.

    Raises
    ------
    InputRefused
        The study holds a signed reading.
    """
    if study.signed:
        raise InputRefused(
            "this study holds a signed reading and takes no further timepoint",
            where=study.folder,
            remedy="Start a study of its own from the scans.",
        )


def differ_only_in(differences: Sequence[Difference], stages: frozenset[str]) -> bool:
    """Whether nothing differs but settings of these stages."""
    names = [one.name.split(".") for one in differences]
    return all(parts[0] == "settings" and len(parts) > 1 and parts[1] in stages for parts in names)


def _kept_by(study: Study, plan: AnalysisPlan) -> AnalysisPlan:
    """The study's plan; where it has none, all that is known of it are the images of its timepoints."""
    if study.plan is not None:
        return study.plan
    return replace(plan, images=study.images, version="")


def _timepoints(plan: AnalysisPlan) -> str:
    return " and ".join(f"timepoint {number}" for number, image in enumerate(plan.images, 1) if image)


def _require_same_masks(study: Study, prepared: Prepared, kept: AnalysisPlan, plan: AnalysisPlan) -> None:
    for number, point in enumerate(prepared.points, 1):
        there = study.masks(number, on=point.volume.geometry)
        found = masks_of(point)
        same = [np.array_equal(a.array, b.array) for a, b in zip(there, found, strict=False)]
        if len(there) != len(found) or not all(same):
            by = f"ctreview {kept.version}" if kept.version else "another version of ctreview"
            raise SignedOtherwise(
                f"this study was signed with {by}, and this one ({plan.version}) finds something else at timepoint"
                f" {number} by the same settings",
                where=study.folder,
                remedy="What was signed can be read in its folder readers/. Open it with that version, or start a"
                " study of its own from the two scans.",
            )


def _documents(prepared: Prepared, number: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is kept of one scan beside its masks and numbers."""
    found = {CANDIDATES: (CANDIDATES_SCHEMA, candidates_document(_offered(prepared, number)))}
    lobes = prepared.points[number].parts
    if isinstance(lobes, LobeMap) and lobes.fissures:
        found[FISSURES_FILE] = (FISSURES_SCHEMA, fissures_document(lobes))
    return found


def _offered(prepared: Prepared, number: int) -> list[DenseCandidate]:
    """The candidates that the computer offers in one scan."""
    return [one.piece for one in prepared.points[number].candidates if isinstance(one.piece, DenseCandidate)]


def _measurements(prepared: Prepared, number: int) -> dict[str, Any]:
    """What was measured on what the computer found in one scan."""
    point, thresholds = prepared.points[number], prepared.pair.thresholds[number]
    scan = prepared.pair.scans[number]
    checks = (*scan.checks(point), *thresholds.checks)
    return scan_document(point, measure_scan(point), checks, thresholds, bands_dict(point))
