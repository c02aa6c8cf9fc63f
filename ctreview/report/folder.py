"""Result folders, which appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from ctreview.change.comparison import Comparison
from ctreview.change.fate import BASELINE_FATES, FOLLOWUP_FATES
from ctreview.change.table import change_rows, measurement_rows
from ctreview.change.timepoint import Timepoint
from ctreview.checks import Check
from ctreview.edits import Edit, Journal
from ctreview.errors import CtreviewError, WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.report.document import change_document, plain, with_identity, write_json
from ctreview.report.languages import LANGUAGES, Marked, ShownImage
from ctreview.report.narrative import narrate
from ctreview.report.page import render_page
from ctreview.report.page_pictures import draw_pictures
from ctreview.report.pdf import pdf_of, render_static_page, require_pdf
from ctreview.report.provenance import provenance
from ctreview.report.result_files import keep_own_files, list_files, provenance_in, require_free
from ctreview.report.scores import Recorded, scores_document
from ctreview.report.table import write_csv
from ctreview.volume.atomic import atomic_folder
from ctreview.volume.labels import LabelMap, Scheme
from ctreview.volume.transform import Transform
from ctreview.volume.write import write_segmentation, write_transform

__all__ = [
    "Segmented",
    "basis_of",
    "result_folder",
    "write_comparison",
    "write_segmentation_result",
]

PAGES = {"en": "report.html", "de": "report.de.html"}
"""The file of the page in each language."""


class Segmented(Protocol):
    """What `write_segmentation_result` needs of a segmentation; the recipe's ``Segmentation`` has it."""

    @property
    def timepoint(self) -> Timepoint:
        """The scan and what was found in it."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was looked at."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of every step."""

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds of each step."""

    @property
    def accepted(self) -> tuple[Edit, ...]:
        """Records of the candidates that were accepted in the call."""

    def to_dict(self) -> dict[str, Any]:
        """The content of ``measurements.json``."""


def write_comparison(
    comparison: Comparison,
    folder: Path | str,
    *,
    key_images: Sequence[tuple[ShownImage, bytes]] = (),
    findings: Sequence[Marked] = (),
    recorded: Recorded = MappingProxyType({}),
    sections: Mapping[str, str] = MappingProxyType({}),
    printed_sections: Mapping[str, str] = MappingProxyType({}),
    identify: bool = False,
    pdf: bool = False,
    overwrite: bool = False,
    basis: str | None = None,
    progress: Progress = quiet,
) -> Path:
    """Write what a comparison found.

    ========================  =======================================================================================
    ``report.html``           the page: self-contained, to be read and printed
    ``report.de.html``        the same in German
    ``report.pdf``            with ``pdf``: the page on A4, and ``report.de.pdf``
    ``report.en.txt``         a draft of a radiologist's report in English, to be copied (`narrate`)
    ``report.de.txt``         the same in German
    ``change.json``           every number, by `schema` ``ctreview.change/2``
    ``change.csv``            the same as a table, one row per region
    ``scores.json``           scores that are proposed, and the density of the lungs, by ``ctreview.scores/1``
    ``baseline.seg.nrrd``     lungs, lobes, vessels, opacity of the baseline, on its grid
    ``followup.seg.nrrd``     the same of the follow-up on its own grid, and there what is new and what is persistent
    ``fate.seg.nrrd``         what became of the baseline's opacity, on the baseline's grid
    ``transform.h5``          baseline to follow-up points
    ``accepted.jsonl``        records of candidates that were accepted in the call; missing where there were none
    ``provenance.json``       versions, settings, seeds, hashes of the input
    ========================  =======================================================================================

    ``fate.seg.nrrd`` and ``transform.h5`` are missing where the scans could not be registered. A segmentation file
    has one grid, and fates live on two: hence those of the follow-up stand in ``followup.seg.nrrd``, so that no mask
    is ever resampled to be written.

    Parameters
    ----------
    comparison : Comparison
    folder : path
        It must not exist, or be empty, or (with ``overwrite``) hold an earlier result of ctreview.
    key_images : sequence of (ShownImage, bytes)
        Pictures that a reader wants on the page, each with its PNG.
    findings : sequence of Marked
        What a reader marked, for the page.
    recorded : mapping
        What a reader recorded of the scores, for the page.
    sections : mapping of str to str
        HTML of one more section of the page, by language (`render_page`).
    printed_sections : mapping of str to str
        The same for the PDF: nothing in it may need a mouse.
    identify : bool
        Whether name, id, birth date and dates are written into ``change.json``.
    pdf : bool
        Whether the page is written as PDF as well; that takes WeasyPrint (``ctreview[pdf]``).
    overwrite : bool
        Whether an earlier result gives way.
    basis : str, optional
        Digest of all that the comparison rests on, for ``provenance.json``; `basis_of` reads it back.
    progress : Progress
        Told how far it is; may raise to cancel, and then nothing is left.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WrongUse
        The folder may not be written to, or WeasyPrint or what it needs is missing.
    CtreviewError
        The disk is full or the folder is not writable; nothing was left.
    """
    if pdf:
        require_pdf()
    document = change_document(comparison, identify=identify)
    origin = provenance(
        {"baseline": comparison.baseline.volume, "followup": comparison.followup.volume},
        settings=comparison.settings,
        seeds=comparison.seeds,
        timings=comparison.timings,
        stated=comparison.stated,
        engines=_engines({"baseline": comparison.baseline, "followup": comparison.followup}),
        basis=basis,
    )
    with result_folder(folder, overwrite=overwrite) as draft:
        pictures = draw_pictures(comparison, progress=part(progress, 0.0, 0.4))
        for language in LANGUAGES:
            page = render_page(
                comparison,
                document,
                origin,
                key_images,
                language=language,
                findings=findings,
                recorded=recorded,
                section=sections.get(language, ""),
                pictures=pictures,
            )
            (draft / PAGES[language]).write_text(page, encoding="utf-8")
            if pdf:
                static = render_static_page(
                    comparison,
                    document,
                    origin,
                    pictures,
                    language=language,
                    key_images=key_images,
                    findings=findings,
                    recorded=recorded,
                    section=printed_sections.get(language, ""),
                )
                (draft / PAGES[language]).with_suffix(".pdf").write_bytes(pdf_of(static))
            (draft / f"report.{language}.txt").write_text(narrate(comparison, language), encoding="utf-8")
        write_json(document, draft / "change.json")
        write_csv(change_rows(document), draft / "change.csv")
        write_json(plain(scores_document(comparison)), draft / "scores.json")
        progress(0.4, 1.0, "writing segmentations")
        write_segmentation(draft / "baseline.seg.nrrd", _maps(comparison.baseline))
        progress(0.6, 1.0, "writing segmentations")
        later = _maps(comparison.followup) + _fate(comparison.followup, FOLLOWUP_FATES)
        write_segmentation(draft / "followup.seg.nrrd", later)
        progress(0.8, 1.0, "writing segmentations")
        if fate := _fate(comparison.baseline, BASELINE_FATES):
            write_segmentation(draft / "fate.seg.nrrd", fate)
        if comparison.transform is not None:
            _write_transform(comparison.transform, draft / "transform.h5")
        _write_records(comparison.accepted, draft)
        write_json(origin, draft / "provenance.json")
        progress(1.0, 1.0, "writing results")
    return Path(folder)


def write_segmentation_result(
    segmentation: Segmented,
    folder: Path | str,
    *,
    identify: bool = False,
    overwrite: bool = False,
    progress: Progress = quiet,
) -> Path:
    """Write what was found in one scan.

    ``segmentation.seg.nrrd`` (lungs, lobes, vessels, opacity, in layers; opens in 3D Slicer), ``measurements.json``
    (by `schema` ``ctreview.measurements/2``), ``measurements.csv`` (one row per region), ``provenance.json``, and
    ``accepted.jsonl`` where candidates were accepted in the call.

    Parameters, returned value and errors are those of `write_comparison`.
    """
    timepoint = segmentation.timepoint
    document = plain(segmentation.to_dict())
    if identify:
        document["scan"] = with_identity(document["scan"], timepoint)
    origin = provenance(
        {"scan": timepoint.volume},
        settings=segmentation.settings,
        seeds={},
        timings=segmentation.timings,
        engines=_engines({"scan": timepoint}),
    )
    with result_folder(folder, overwrite=overwrite) as draft:
        progress(0.0, 1.0, "writing results")
        write_json(document, draft / "measurements.json")
        write_csv(measurement_rows(document), draft / "measurements.csv")
        write_segmentation(draft / "segmentation.seg.nrrd", _maps(timepoint))
        _write_records(segmentation.accepted, draft)
        write_json(origin, draft / "provenance.json")
        progress(1.0, 1.0, "writing results")
    return Path(folder)


@contextmanager
def result_folder(folder: Path | str, *, overwrite: bool = False) -> Iterator[Path]:
    """Fill a folder that appears at its place only when the block ends well.

    Of an earlier result only the files that ctreview wrote are replaced; what else lies there stays.

    Yields
    ------
    Path
        An empty folder beside the target.

    Raises
    ------
    WrongUse
        Something that may not be replaced is there already.
    CtreviewError
        The disk is full, or writing is not allowed; nothing was left.
    """
    require_free(Path(folder), overwrite=overwrite)
    target = Path(folder).resolve()  # where a link leads to
    try:
        with atomic_folder(target, replace=overwrite) as draft:
            yield draft
            list_files(draft)
            keep_own_files(target, draft)
    except FileExistsError as taken:
        raise WrongUse(
            "something was put into this folder meanwhile", where=folder, remedy="Name another folder."
        ) from taken
    except OSError as error:
        reason = error.strerror or str(error)
        raise CtreviewError(
            f"the results could not be written ({reason})",
            where=target,
            remedy="Make room or name another folder; nothing was left behind.",
        ) from error


def basis_of(folder: Path) -> str | None:
    """Digest of all that the result in a folder rests on; None where there is no result, or it does not say."""
    found = provenance_in(folder).get("basis")
    return found if isinstance(found, str) else None


def _write_records(records: Sequence[Edit], folder: Path) -> None:
    journal = Journal(folder / "accepted.jsonl")
    for record in records:
        journal.append(record)


def _write_transform(transform: Transform, path: Path) -> None:
    try:
        write_transform(transform, path)
    except RuntimeError as error:  # all that ITK says where its HDF5 library could not write
        raise OSError("the disk may be full") from error


def _engines(points: Mapping[str, Timepoint]) -> dict[str, Any]:
    """Engines of third parties that lungs or lobes of each scan come from."""
    return {name: point.facts["engines"] for name, point in points.items() if "engines" in point.facts}


def _maps(timepoint: Timepoint) -> list[LabelMap]:
    """The label maps of a scan, from the large to the small."""
    maps = (timepoint.organ, timepoint.parts, timepoint.vessels, timepoint.opacity)
    return [labels for labels in maps if labels is not None]


def _fate(timepoint: Timepoint, keys: Sequence[str]) -> list[LabelMap]:
    """The fates of one grid, without the names that belong to the other grid."""
    if timepoint.fate is None:
        return []
    fate = timepoint.fate
    labels = tuple(label for label in fate.scheme if label.key in keys)
    return [LabelMap(fate.array, fate.geometry, Scheme(labels), fate.checks)]
