"""From a clinic's file and results of comparisons to one figure: what ``ct.timeline`` and the command line call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ctreview.change.comparison import Comparison
from ctreview.clinical.fhir import Release, measurements_bundle
from ctreview.clinical.partial_dates import PartialDate
from ctreview.clinical.timeline import ClinicalTimeline, ScanTime
from ctreview.clinical.timeline_table import read_timeline
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.report.cards import key_card
from ctreview.report.document import change_document
from ctreview.report.timeline.marks_rows import ScanPicture
from ctreview.report.timeline.muscle_course import read_muscle, with_muscle
from ctreview.report.timeline.opacity_course import LOBES, WHOLE, with_results
from ctreview.report.timeline.page import write_timeline
from ctreview.report.timeline.section import timeline_section
from ctreview.report.timeline.words import WORDS

__all__ = ["DrawnTimeline", "Followed", "key_images_of", "read_change", "timeline", "timeline_of_comparison"]


class Followed(Protocol):
    """More than two scans of one patient; what ``ct.follow`` gives is one."""

    @property
    def against_baseline(self) -> Sequence[Mapping[str, Any]]:
        """For every later scan the content of ``change.json`` of its comparison with the first."""


Result = Comparison | Mapping[str, Any] | Path | str
"""A comparison, the content of its ``change.json``, or the folder that holds it."""


@dataclass(frozen=True)
class DrawnTimeline:
    """A timeline with all that its figure needs.

    Attributes
    ----------
    timeline : ClinicalTimeline
    key_images : mapping of ScanTime to ScanPicture
    changes : sequence of mapping
        The content of ``change.json`` of each comparison in it.
    """

    timeline: ClinicalTimeline
    key_images: Mapping[ScanTime, ScanPicture] = field(default_factory=dict)
    changes: Sequence[Mapping[str, Any]] = ()

    def section(self, language: str = "en", *, identify: bool = False, printed: bool = False) -> str:
        """The section of a page (`timeline_section`); ``printed`` leaves out what needs a mouse."""
        images = {} if printed else self.key_images
        return timeline_section(self.timeline, language, identify=identify, key_images=images, table=not printed)

    def sections(self, *, identify: bool = False, printed: bool = False) -> Mapping[str, str]:
        """The section in each language."""
        return {language: self.section(language, identify=identify, printed=printed) for language in WORDS}

    def save(
        self,
        folder: Path | str,
        *,
        identify: bool = False,
        fhir: Release | None = None,
        imaging_studies: Sequence[str] = (),
        overwrite: bool = False,
    ) -> Path:
        """Write it (`write_timeline`).

        Parameters
        ----------
        folder : path
        identify : bool
        fhir : {"R4B", "R5"}, optional
            Also write what was measured as a bundle of this release: of the second scan ``measurements.2.fhir.json``,
            of the third ``measurements.3.fhir.json``, each with the first scan and the change since then.
        imaging_studies : sequence of str
            References of the studies of all scans, in their order, such as ``"ImagingStudy/1"``.
        overwrite : bool
        """
        bundles = {} if fhir is None else self._bundles(fhir, imaging_studies, identify=identify)
        images = self.key_images
        return write_timeline(
            self.timeline, folder, key_images=images, bundles=bundles, identify=identify, overwrite=overwrite
        )

    def _bundles(
        self, release: Release, imaging_studies: Sequence[str], *, identify: bool
    ) -> dict[str, Mapping[str, Any]]:
        if not self.changes:
            raise WrongUse("there is nothing measured to write as FHIR", remedy="Name results with --results.")
        if imaging_studies and len(imaging_studies) != len(self.changes) + 1:
            raise WrongUse(
                f"{len(imaging_studies)} imaging studies for {len(self.changes) + 1} scans",
                remedy="Name one for each scan, in their order.",
            )
        return {
            f"measurements.{number}.fhir.json": measurements_bundle(
                change,
                release=release,
                imaging_studies=(imaging_studies[0], imaging_studies[number - 1]) if imaging_studies else None,
                dates=_days(change) if identify else None,
            )
            for number, change in enumerate(self.changes, start=2)
        }

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self.section()


def timeline(
    source: ClinicalTimeline | Path | str,
    *,
    results: Sequence[Result] | Followed = (),
    key_images: Sequence[ScanPicture | None] = (),
    lobes: bool = False,
    first_scan: PartialDate | None = None,
    results_from: str = "",
    muscle: Sequence[tuple[str, Mapping[str, Any] | Path | str]] = (),
    names: Sequence[str] = (),
    age_years: float | None = None,
) -> DrawnTimeline:
    """Put a clinic's timeline and what ctreview measured on one time axis.

    Parameters
    ----------
    source : ClinicalTimeline or path
        The CSV file, or what was read of it (`read_timeline`).
    results : sequence of Comparison, mapping or path; or FollowUp
        Comparisons of the later scans with the first one, in their order: themselves, the content of their
        ``change.json``, or the folders that hold it; or what ``ct.follow`` gives.
    key_images : sequence of ScanPicture or None, optional
        Of the scans in their order. Comparisons bring their own.
    lobes : bool
        Whether opacity is shown for each lobe as well, where the results have lobes.
    first_scan : PartialDate, optional
        When the first scan was, where the file does not say so.
    results_from : str
        Whose results these are, where they are not the patient's own: ``"phantom"``.
    muscle : sequence of (str, mapping or path)
        Results of muscle MRI, each with when it was made (`with_muscle`): the content of ``muscle.json`` or
        ``muscle_change.json``, or the folder that holds it.
    names : sequence of str
        What the scans are called, where the file does not name them.
    age_years : float, optional
        At the first scan; reference ranges by age need it.

    Returns
    -------
    DrawnTimeline

    Raises
    ------
    UnreadableFile, TimelineRefused
        The file, or a result, cannot be used.
    WrongUse
        It is not known when the scans were, or the file says otherwise than the results.
    """
    read = source if isinstance(source, ClinicalTimeline) else read_timeline(source, age_years=age_years)
    found = results if isinstance(results, Sequence) else results.against_baseline
    changes = [_change(one) for one in found]
    images = list(key_images) or [image for one in found if isinstance(one, Comparison) for image in key_images_of(one)]
    placed, scans = with_results(
        read,
        changes,
        first=first_scan,
        regions=WHOLE + LOBES if lobes else WHOLE,
        source=results_from,
        names=names,
    )
    if muscle:
        examined = [(when, one if isinstance(one, Mapping) else read_muscle(Path(one))) for when, one in muscle]
        placed = with_muscle(placed, examined)
    if not key_images and len(images) > 2:  # the first scan's picture comes with every comparison
        images = [images[0], *images[1::2]]
    shown = {scan: image for scan, image in zip(scans, images, strict=False) if image is not None}
    return DrawnTimeline(placed, shown, changes)


def timeline_of_comparison(
    source: ClinicalTimeline, comparison: Comparison, *, lobes: bool = False, results_from: str = ""
) -> DrawnTimeline:
    """Put one comparison on a clinic's timeline.

    Its scans stand where the timeline says; where it names no scan, at the day that the header of the first one names.

    Parameters, returned value and errors are those of `timeline`.
    """
    acquired = comparison.baseline.volume.acquisition.acquired
    own = [one for one in source.scans if one.source == results_from]
    first = None
    if source.in_calendar and not own and acquired is not None:
        day = acquired.toordinal()
        first = PartialDate(day, day, "day", names_day=True)
    return timeline(source, results=[comparison], lobes=lobes, first_scan=first, results_from=results_from)


def key_images_of(comparison: Comparison) -> tuple[ScanPicture, ScanPicture]:
    """The axial level with most opacity in both scans, outlined."""
    first, second = (
        ScanPicture(
            side.picture.uri,
            side.picture.width_mm,
            side.picture.height_mm,
            tuple((one.colour, one.path) for one in side.opacity),
        )
        for side in key_card(comparison).sides
    )
    return first, second


def read_change(folder: Path) -> Mapping[str, Any]:
    """The ``change.json`` of a result.

    Raises
    ------
    UnreadableFile
        There is none.
    """
    path = folder / "change.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            "there is no result of a comparison in this folder", where=folder, remedy="Give what compare --out named."
        ) from error
    if not isinstance(found, dict) or "regions" not in found:
        raise UnreadableFile("this is no result of a comparison", where=path)
    return found


def _days(change: Mapping[str, Any]) -> tuple[str, str] | None:
    """The days of both scans, where the result was written with them."""
    first, second = (change.get(when, {}).get("acquired") for when in ("baseline", "followup"))
    return (first[:10], second[:10]) if first and second else None


def _change(one: Result) -> Mapping[str, Any]:
    if isinstance(one, Comparison):
        return change_document(one)
    return one if isinstance(one, Mapping) else read_change(Path(one))
