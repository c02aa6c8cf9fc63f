"""``ctreview timeline``: a clinic's scores, blood values and treatments on one time axis with what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ctreview.cli.options import Age, AsJson, Overwrite, Quiet
from ctreview.cli.terminal import print_document, remark, results
from ctreview.errors import WrongUse

if TYPE_CHECKING:
    from ctreview.clinical import ClinicalTimeline
    from ctreview.report.timeline import DrawnTimeline

__all__ = ["timeline"]


def timeline(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV file (--template shows how it looks), or a bundle of FHIR R4B or R5 (.json; extra `fhir`). "
            "Without one, what --results measured alone.",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="The folder to write.", show_default=False)] = None,
    results_of: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            help="What `compare --out` wrote: the second scan against the first, the third against the first, and so "
            "on; or the folder of a cohort, with --subject.",
            show_default=False,
        ),
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="Whose results of a cohort.", show_default=False)
    ] = None,
    muscle: Annotated[
        list[str] | None,
        typer.Option(
            "--muscle",
            help="What `ctreview muscle` wrote, as WHEN=FOLDER: the date of the examination (of the earlier of two), "
            "or the number of its day where the file counts days; may be repeated.",
            show_default=False,
        ),
    ] = None,
    lobes: Annotated[bool, typer.Option("--lobes", help="Opacity of each lobe as well.")] = False,
    fhir: Annotated[
        Literal["R4B", "R5"] | None,
        typer.Option(
            "--fhir",
            help="Also write what --results measured as FHIR of this release: measurements.2.fhir.json of the second "
            "scan, and so on (extra `fhir`).",
            show_default=False,
        ),
    ] = None,
    imaging_study: Annotated[
        list[str] | None,
        typer.Option(
            "--imaging-study",
            help="With --fhir: what a scan derives from, as ImagingStudy/1; once for each scan, in their order.",
            show_default=False,
        ),
    ] = None,
    age: Age = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name the days of the calendar; else days since the first scan.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Print a file to fill in, with one row of each kind.")
    ] = False,
    example: Annotated[bool, typer.Option("--example", help="Show the published case instead of a file.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Draw scores, blood values, treatments and opacity on one time axis.

    The folder gets timeline.en.html, timeline.de.html, timeline.json and, with --fhir, bundles. Rows that cannot
    be used are all named.
    """
    from ctreview.clinical import template as give_template

    if template:
        print(give_template(), end="")
        return 0
    sources = (file is not None) + example
    if out is None or sources > 1 or not (sources or results_of or muscle):
        raise WrongUse("a file and a folder are needed", remedy="ctreview timeline FILE.csv --out DIR.")
    from ctreview.report import require_free

    require_free(out, overwrite=overwrite)
    read = _read(file, age=age, example=example)
    examined = [_examined(text) for text in muscle or ()]
    _drawn(read, results_of or [], subject, examined, lobes=lobes).save(
        out,
        identify=identify,
        fhir=fhir,
        imaging_studies=imaging_study or (),
        overwrite=overwrite,
    )
    if as_json:
        print_document(out / "timeline.json")
    else:
        results().print(str(out / "timeline.en.html"))
        remark("The same in German is in timeline.de.html.", quiet=quiet)
    return 0


def _read(file: Path | None, *, age: float | None, example: bool) -> ClinicalTimeline:
    from ctreview.clinical import ClinicalTimeline, index_case, read_timeline
    from ctreview.clinical.fhir import read_bundle

    if example:
        return index_case()
    if file is None:
        return ClinicalTimeline(in_calendar=False)
    return read_bundle(file) if file.suffix.lower() == ".json" else read_timeline(file, age_years=age)


def _examined(text: str) -> tuple[str, str]:
    when, _, folder = text.partition("=")
    if not when or not folder:
        raise WrongUse(f"{text!r} names no examination", remedy="Write WHEN=FOLDER, as 2021-09-14=results.")
    return when, folder


def _drawn(
    read: ClinicalTimeline,
    results_of: list[Path],
    subject: str | None,
    muscle: list[tuple[str, str]],
    *,
    lobes: bool,
) -> DrawnTimeline:
    from ctreview.cohort.subject_results import subject_results
    from ctreview.report.timeline import timeline as draw

    if subject is None:
        return draw(read, results=results_of, muscle=muscle, lobes=lobes)
    if len(results_of) != 1:
        raise WrongUse("--subject needs the folder of one cohort", remedy="Name it with --results.")
    changes, images = subject_results(results_of[0], subject)
    return draw(read, results=changes, key_images=images, muscle=muscle, lobes=lobes)
