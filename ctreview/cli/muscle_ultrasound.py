"""``ctreview muscle-ultrasound``: thickness and grey level of muscle in drawn regions of ultrasound frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctreview.cli.options import AsJson
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_json, results
from ctreview.errors import WrongUse

if TYPE_CHECKING:
    from ctreview.muscle.ultrasound_measures import UltrasoundComparison, UltrasoundMeasures

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
    as_json: AsJson = False,
) -> int:
    """Measure muscle in ultrasound, in millimetres by the scale of the file; compare sides and dates.

    Grey levels compare only at the same gain, depth and probe, which files do not tell.
    """
    from ctreview.muscle.ultrasound import load_ultrasound
    from ctreview.muscle.ultrasound_measures import compare_ultrasound, measure_ultrasound, ultrasound_region

    sides = _sides(side, len(files))
    if len(region) != len(files):
        raise WrongUse(f"{len(files)} files are given and {len(region)} regions", remedy="Give --region for each file.")
    images = [load_ultrasound(path) for path in files]
    measures = [
        measure_ultrasound(image, ultrasound_region(image, text), frame=frame - 1, side=which)
        for image, text, which in zip(images, region, sides, strict=True)
    ]
    compared = compare_ultrasound(images, measures)
    if as_json:
        print_json(
            {
                "schema": "ctreview.muscle_ultrasound/1",
                "measures": [one.to_dict() for one in measures],
                "comparisons": [one.to_dict() for one in compared],
                "notes": [list(image.notes) for image in images],
            }
        )
    else:
        _show(measures, compared)
    return 0


def _sides(given: list[str] | None, count: int) -> list[Any]:
    if given is None:
        return [None] * count
    if len(given) != count or not set(given) <= {"right", "left"}:
        raise WrongUse("--side is right or left, once for each file")
    return given


def _show(measures: list[UltrasoundMeasures], compared: tuple[UltrasoundComparison, ...]) -> None:
    table = bare_table(("", "side", "thickness", "area", "grey level"))
    for number, one in enumerate(measures, 1):
        table.add_row(
            str(number),
            one.side or "?",
            f"{one.thickness_mm:.1f} mm",
            f"{one.area_cm2:.1f} cm²",
            f"{one.grey_mean:.0f}",
        )
    results().print(table)
    for pair in compared:
        what = "asymmetry 2 (L − R) / (L + R)" if pair.of == "sides" else "change"
        what += ", not known whether of one day" if pair.interval_days is None else ""
        parts = ((pair.thickness_percent, "thickness"), (pair.grey_percent, "grey level"))
        said = ", ".join(f"{name} {value:+.1f} %".replace("-", "−") for value, name in parts if value is not None)
        results().print(f"{pair.first + 1} and {pair.second + 1}: {what}: {said}")
