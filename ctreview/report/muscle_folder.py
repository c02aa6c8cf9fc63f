"""Result folders of muscle examinations, which appear whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ctreview.report.document import plain, write_json
from ctreview.report.folder import PAGES, result_folder
from ctreview.report.muscle_levels import MeasuredMuscle
from ctreview.report.muscle_page import render_muscle_page
from ctreview.report.provenance import provenance
from ctreview.report.table import write_csv
from ctreview.volume.write import write_segmentation

__all__ = ["ComparedMuscle", "WrittenMuscle", "write_muscle", "write_muscle_comparison"]


class WrittenMuscle(MeasuredMuscle, Protocol):
    """What is written of an examination."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of every step."""

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds of each step."""

    def to_dict(self) -> dict[str, Any]:
        """The content of ``muscle.json``."""


class ComparedMuscle(Protocol):
    """What is written of two examinations; the recipe's ``MuscleMriComparison`` has it."""

    @property
    def baseline(self) -> WrittenMuscle:
        """The earlier one."""

    @property
    def followup(self) -> WrittenMuscle:
        """The later one."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of every step."""

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds of each step."""

    def to_dict(self) -> dict[str, Any]:
        """The content of ``muscle_change.json``."""


def write_muscle(scan: WrittenMuscle, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write what was measured in one examination.

    ``report.html`` and ``report.de.html``, ``muscle.json`` (every number), ``slices.csv`` (a row for each slice of each
    thigh and group), ``muscle.seg.nrrd`` (tissues and drawn groups; opens in 3D Slicer), ``provenance.json``.

    Raises
    ------
    WrongUse
        The folder may not be written to.
    """
    document = plain(scan.to_dict())
    with result_folder(folder, overwrite=overwrite) as draft:
        for language, name in PAGES.items():
            (draft / name).write_text(render_muscle_page([scan], [document], language), encoding="utf-8")
        write_json(document, draft / "muscle.json")
        _write_scan(scan, draft, "muscle", "slices")
        origin = provenance({"scan": scan.image}, settings=scan.settings, seeds={}, timings=scan.timings)
        write_json(origin, draft / "provenance.json")
    return Path(folder)


def write_muscle_comparison(found: ComparedMuscle, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write what was measured in two examinations, and how muscle changed.

    As `write_muscle`, with ``muscle_change.json``, and segmentation and slices of each examination.

    Raises
    ------
    WrongUse
        The folder may not be written to.
    """
    document = plain(found.to_dict())
    scans = {"baseline": found.baseline, "followup": found.followup}
    with result_folder(folder, overwrite=overwrite) as draft:
        for language, name in PAGES.items():
            page = render_muscle_page(
                list(scans.values()),
                [document[when] for when in scans],
                language,
                change=document,
            )
            (draft / name).write_text(page, encoding="utf-8")
        write_json(document, draft / "muscle_change.json")
        for when, scan in scans.items():
            _write_scan(scan, draft, when, f"{when}.slices")
        inputs = {when: scan.image for when, scan in scans.items()}
        origin = provenance(inputs, settings=found.settings, seeds={}, timings=found.timings)
        write_json(origin, draft / "provenance.json")
    return Path(folder)


def _write_scan(scan: WrittenMuscle, draft: Path, segmentation: str, slices: str) -> None:
    maps = [scan.labels] if scan.groups is None else [scan.labels, scan.groups]
    write_segmentation(draft / f"{segmentation}.seg.nrrd", maps)
    curves = (*scan.found.curves, *scan.found.group_curves)
    write_csv([row for curve in curves for row in curve.rows()], draft / f"{slices}.csv")
