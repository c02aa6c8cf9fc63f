"""More than two scans of one patient: every pair compared, volumes over time, and patches that keep their identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.change.comparison import Comparison
from ctreview.clinical.partial_dates import PartialDate
from ctreview.clinical.timeline import ClinicalTimeline
from ctreview.cohort.course import COURSE_COLUMNS, course_rows
from ctreview.cohort.course_page import CoursePage, render_course
from ctreview.cohort.patches import PairPatches, PatchSettings, patches_of_pair
from ctreview.cohort.tracking import PatchSighting, follow_patches
from ctreview.errors import WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct import ScanInput, compare
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.two_timepoints import days_between
from ctreview.report.course_pictures import CourseImages, CoursePictures
from ctreview.report.document import change_document, write_json
from ctreview.report.folder import result_folder
from ctreview.report.pdf import pdf_of, require_pdf
from ctreview.report.provenance import provenance
from ctreview.report.timeline import DrawnTimeline
from ctreview.report.timeline import timeline as draw_timeline
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FollowUp", "follow"]

PAGES = {"en": "course.html", "de": "course.de.html"}
"""The file of the page in each language."""

ComparisonListener = Callable[[int, int, Comparison], None]
"""Told of each comparison as soon as it is there, with the places of its scans: to save it, or to look at its masks."""


@dataclass(frozen=True)
class FollowUp:
    """The course of one patient.

    Attributes
    ----------
    timepoints : tuple of str
    against_baseline, against_previous : tuple of mapping
        For every later scan the content of ``change.json`` of its comparison with the first, and with the one before;
        for the second scan both are one and the same.
    patches : tuple of PatchSighting
        Every patch at every timepoint, by its identity.
    settings : mapping
        Settings of every step, ready for JSON.
    pictures : CoursePictures or None
        What the page shows of the images.
    first_scan : PartialDate or None
        When the first scan was made, as its header says; written nowhere unless asked for.
    """

    timepoints: tuple[str, ...]
    against_baseline: tuple[Mapping[str, Any], ...]
    against_previous: tuple[Mapping[str, Any], ...]
    patches: tuple[PatchSighting, ...]
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pictures: CoursePictures | None = field(default=None, repr=False)
    first_scan: PartialDate | None = field(default=None, repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """One row for each timepoint and region: what it held, and how it changed (`course_rows`)."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

        rows = course_rows(self.timepoints, self.against_baseline, self.against_previous)
        return pd.DataFrame(rows, columns=list(COURSE_COLUMNS))

    @property
    def patch_table(self) -> pd.DataFrame:
        """One row for each patch and timepoint."""
        import pandas as pd  # noqa: PLC0415

        rows = [{**vars(one), "timepoint": self.timepoints[one.timepoint]} for one in self.patches]
        return pd.DataFrame(rows, columns=["patch", "timepoint", "ml", "region", "event"])

    def timeline(self, clinical: ClinicalTimeline | None = None) -> DrawnTimeline | None:
        """All scans on one axis of time, with what a clinic knows; None where nothing says when they were made.

        Raises
        ------
        WrongUse
            The clinic's timeline does not say when the scans were made, or otherwise than their headers.
        """
        if clinical is None:
            if any(change["interval_days"] is None for change in self.against_baseline):
                return None
            clinical = ClinicalTimeline(in_calendar=False)
        own = [one for one in clinical.scans if not one.source]
        return draw_timeline(
            clinical,
            results=self,
            key_images=() if self.pictures is None else self.pictures.key_images,
            lobes=True,
            first_scan=self.first_scan if clinical.in_calendar and not own else None,
            names=self.timepoints,
        )

    def page(
        self,
        language: str = "en",
        *,
        clinical: ClinicalTimeline | None = None,
        identify: bool = False,
        printed: bool = False,
    ) -> str:
        """All scans on one page, each against the first and the one before, and patches by identity: HTML.

        Parameters
        ----------
        language : {"en", "de"}
        clinical : ClinicalTimeline, optional
            Scores, blood values and treatments, for the axis of time.
        identify : bool
            Whether days of the calendar are named on it.
        printed : bool
            Whether it becomes a PDF: without script and what needs a mouse.
        """
        drawn = self.timeline(clinical)
        return render_course(
            CoursePage(
                self.timepoints,
                self.against_baseline,
                self.against_previous,
                self.patches,
                self._provenance(),
                self.pictures,
                "" if drawn is None else drawn.section(language, identify=identify, printed=printed),
            ),
            language,
            printed=printed,
        )

    def _provenance(self) -> dict[str, Any]:
        return provenance({}, settings=self.settings, seeds={}, timings={})

    def save(
        self,
        folder: Path | str,
        *,
        clinical: ClinicalTimeline | None = None,
        identify: bool = False,
        pdf: bool = False,
        overwrite: bool = False,
    ) -> Path:
        """Write ``course.html``, ``course.de.html``, ``course.csv``, ``patches.csv`` and ``provenance.json``.

        With ``pdf`` also ``course.pdf`` and ``course.de.pdf``; other parameters are those of `page`.

        Raises
        ------
        WrongUse
            The folder may not be written to, or WeasyPrint or what it needs is missing.
        """
        if pdf:
            require_pdf()
        with result_folder(folder, overwrite=overwrite) as draft:
            for language, name in PAGES.items():
                page = self.page(language, clinical=clinical, identify=identify)
                (draft / name).write_text(page, encoding="utf-8")
                if pdf:
                    static = self.page(language, clinical=clinical, identify=identify, printed=True)
                    (draft / name).with_suffix(".pdf").write_bytes(pdf_of(static))
            self.table.to_csv(draft / "course.csv", index=False)
            self.patch_table.to_csv(draft / "patches.csv", index=False)
            write_json(self._provenance(), draft / "provenance.json")
        return Path(folder)


def follow(
    scans: Sequence[ScanInput],
    *,
    names: Sequence[str] | None = None,
    settings: ChestCtSettings | None = None,
    age_years: float | None = None,
    same_patient: bool = False,
    threads: int | None = None,
    patch_settings: PatchSettings | None = None,
    clinical: ClinicalTimeline | None = None,
    on_comparison: ComparisonListener | None = None,
    progress: Progress = quiet,
) -> FollowUp:
    """Follow opacity through two or more scans of one patient, each compared with the first and with the one before.

    Parameters
    ----------
    scans : sequence of Volume, Series or path
        In the order of time; nothing is ever swapped by date.
    names : sequence of str, optional
        What the timepoints are called; ``"CT 1"``, ``"CT 2"`` … if not given.
    settings : ChestCtSettings, optional
    age_years : float, optional
        At the first scan, instead of the age in the header.
    same_patient : bool
        State that all are of one patient although ids differ.
    threads : int, optional
    patch_settings : PatchSettings, optional
    clinical : ClinicalTimeline, optional
        What the course is to be saved with: refused before anything is compared where it does not fit the scans.
    on_comparison : callable, optional
        Told of each comparison, with the places of its scans.
    progress : Progress

    Returns
    -------
    FollowUp

    Raises
    ------
    WrongUse
        There are fewer than two scans, or not as many names; or the clinic's timeline does not say when the scans
        were made, or otherwise than their headers.
    CtreviewError
        As `compare`.
    """
    names = tuple(f"CT {place + 1}" for place in range(len(scans))) if names is None else tuple(names)
    if len(scans) < 2 or len(names) != len(scans):
        raise WrongUse(
            f"{len(scans)} scans with {len(names)} names", remedy="Give two scans or more, each with a name."
        )
    settings = settings or ChestCtSettings()
    volumes = [one if isinstance(one, Volume) else load_volume(one, settings=settings.load) for one in scans]
    if clinical is not None:
        _require_timeline_of(volumes, names, clinical)
    pairs = [(early, late) for late in range(1, len(volumes)) for early in dict.fromkeys((0, late - 1))]
    documents: dict[tuple[int, int], Mapping[str, Any]] = {}
    patches: list[PairPatches] = []
    images = CourseImages(names)
    found_settings: Mapping[str, Any] = {}
    for done, (early, late) in enumerate(pairs):
        found = compare(
            volumes[early],
            volumes[late],
            settings=settings,
            age_years=_age_at(age_years, volumes[0], volumes[early]),
            same_patient=same_patient,
            threads=threads,
            progress=part(progress, done / len(pairs), (done + 1) / len(pairs)),
        )
        documents[early, late] = change_document(found)
        found_settings = found.settings
        if early == 0:
            images.add(late, found)
        if early == late - 1:
            patches.append(patches_of_pair(found, settings=patch_settings))
        if on_comparison is not None:
            on_comparison(early, late, found)
    later = range(1, len(volumes))
    return FollowUp(
        names,
        tuple(documents[0, late] for late in later),
        tuple(documents[late - 1, late] for late in later),
        follow_patches(patches, settings=patch_settings),
        found_settings,
        images.draw(),
        _day_of(volumes[0]),
    )


def _require_timeline_of(volumes: Sequence[Volume], names: tuple[str, ...], clinical: ClinicalTimeline) -> None:
    """Lay the days of the scans on the clinic's timeline as the course will, before hours of work rest on it."""
    days = tuple({"interval_days": days_between(volumes[0], later), "regions": ()} for later in volumes[1:])
    FollowUp(names, days, (), (), first_scan=_day_of(volumes[0])).timeline(clinical)


def _day_of(volume: Volume) -> PartialDate | None:
    acquired = volume.acquisition.acquired
    if acquired is None:
        return None
    day = acquired.toordinal()
    return PartialDate(day, day, "day", names_day=True)


def _age_at(age_years: float | None, first: Volume, scan: Volume) -> float | None:
    """The age at a scan that was stated for the first one, where the dates say how much later it is."""
    start, here = first.acquisition.acquired, scan.acquisition.acquired
    if age_years is None or scan is first or start is None or here is None:
        return age_years
    return age_years + (here - start).days / 365.25
