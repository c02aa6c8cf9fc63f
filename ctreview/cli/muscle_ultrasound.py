"""``ctreview muscle-ultrasound``: thickness and grey level of muscle in drawn regions of ultrasound frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctreview.cli.options import AsJson, Overwrite
from ctreview.cli.summary import bare_table, signed
from ctreview.cli.terminal import print_json, results
from ctreview.errors import WrongUse

if TYPE_CHECKING:
    from ctreview.muscle.ultrasound_compared import ComparedUltrasound
    from ctreview.muscle.ultrasound_measures import UltrasoundMeasures

__all__ = ["muscle_ultrasound"]


def muscle_ultrasound(
    files: Annotated[list[Path], typer.Argument(help="DICOM ultrasound images, stills or cines.", show_default=False)],
    *,
    region: Annotated[
        list[str],
        typer.Option(
            "--region",
            metavar="LEFT,TOP,RIGHT,BOTTOM|PNG",
            help="Where muscle lies in the frame, from fascia to fascia: a box in pixels, or a PNG as large as the "
            "frame in which it is painted. Once for each file, in their order.",
            show_default=False,
        ),
    ],
    side: Annotated[
        list[str] | None,
        typer.Option(
            "--side",
            metavar="right|left",
            help="Of each file, in their order; nothing is compared without.",
            show_default=False,
        ),
    ] = None,
    frame: Annotated[int, typer.Option("--frame", min=1, help="Which frame of a cine.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for report.html, report.de.html and muscle_ultrasound.json.", show_default=False
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> int:
    """Measure muscle in ultrasound, in millimetres by the scale of the file; compare sides and dates.

    Files, or regions of one file that is given again, of one side and day are repeats: what they differ by is in the
    intervals. Grey levels compare only at the same gain, depth and probe, which files do not tell.
    """
    from ctreview.muscle.ultrasound import load_ultrasound
    from ctreview.muscle.ultrasound_compared import compare_ultrasound
    from ctreview.muscle.ultrasound_measures import measure_ultrasound, ultrasound_region
    from ctreview.report import require_free
    from ctreview.report.ultrasound_folder import ultrasound_document, write_ultrasound_result

    sides = _sides(side, len(files))
    if len(region) != len(files):
        raise WrongUse(f"{len(files)} files are given and {len(region)} regions", remedy="Give --region for each file.")
    if out is not None:
        require_free(out, overwrite=overwrite)
    images = [load_ultrasound(path) for path in files]
    found = [
        measure_ultrasound(image, ultrasound_region(image, text), frame=frame - 1, side=which)
        for image, text, which in zip(images, region, sides, strict=True)
    ]
    compared = compare_ultrasound(images, [one.measures for one in found])
    if out is not None:
        write_ultrasound_result(found, compared, out, overwrite=overwrite)
    if as_json:
        print_json(ultrasound_document(found, compared))
        return 0
    _show([one.measures for one in found], compared)
    if out is not None:
        results().print(f"Report: {out / 'report.html'}")
    return 0


def _sides(given: list[str] | None, count: int) -> list[Any]:
    if given is None:
        return [None] * count
    if len(given) != count or not set(given) <= {"right", "left"}:
        raise WrongUse("--side is right or left, once for each file")
    return given


def _show(measures: list[UltrasoundMeasures], compared: ComparedUltrasound) -> None:
    table = bare_table(("", "side", "thickness", "area", "grey level"))
    for number, one in enumerate(measures, 1):
        table.add_row(
            str(number),
            one.side or "?",
            f"{one.thickness_mm.value:.1f} mm",
            f"{one.area_cm2.value:.1f} cm²",
            f"{one.grey_mean.value:.0f}",
        )
    results().print(table)
    for pair in compared.comparisons:
        what = "left less right" if pair.of == "sides" else f"change {pair.side}, {pair.interval_days} days"
        what += ", not known whether of one day" if pair.interval_days is None else ""
        numbers = " and ".join("+".join(str(one + 1) for one in group) for group in (pair.first, pair.second))
        said = f"thickness {signed(pair.thickness_mm, 'mm', 1)}, grey level {signed(pair.grey, '', 0)}"
        results().print(f"{numbers}: {what}: {said}")
    if compared.comparisons and not compared.repeatability:
        results().print("- Each was measured once: what a second measure would differ by is not in the intervals.")
