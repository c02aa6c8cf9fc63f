"""``ctreview scores``: the visual scores of a reading, proposed, confirmed or given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ctreview.cli.options import AsJson
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_json, results
from ctreview.errors import WrongUse

__all__ = ["scores"]


def scores(
    study: Annotated[Path, typer.Argument(help="A study, or the folder of a reading in it.", show_default=False)],
    *,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Whose reading; the only reader's if not given.", show_default=False)
    ] = None,
    timepoint: Annotated[int, typer.Option("--timepoint", min=1, help="Which timepoint is confirmed.")] = 1,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", help="Record a score, such as jdm_ild, as proposed.", show_default=False),
    ] = None,
    grade: Annotated[
        list[str] | None,
        typer.Option(
            "--grade",
            help="With --confirm: an item that the reader grades otherwise, as REGION:ITEM=VALUE; may be repeated.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show the visual scores that were proposed for a reading, and record those that the reader confirms.

    A score is proposed from the masks, which show no sign of fibrosis; an item counts as the reader's once it is
    confirmed. `ctreview agree` compares what two readers recorded.
    """
    from ctreview.review import grading
    from ctreview.review.readings import open_reading

    _, reading = open_reading(study, reader)
    if grade and confirm is None:
        raise WrongUse("--grade needs --confirm", remedy="Say which score it belongs to: --confirm jdm_ild.")
    if confirm is not None:
        grading.confirm(reading, confirm, timepoint=timepoint, given=dict(map(_given, grade or ())))
    recorded = {one.place: one.value for one in reading.grades()}
    rows = [
        {
            "score": place[0],
            "timepoint": place[1],
            "region": place[2],
            "item": place[3],
            "proposed": value,
            "recorded": recorded.get(place),
        }
        for place, (value, _) in grading.proposals(reading).items()
    ]
    if as_json:
        print_json({"schema": "ctreview.reader_scores/1", "reader": reading.reader, "items": rows})
        return 0
    table = bare_table(("score", "timepoint", "region", "item", "proposed", "recorded"))
    for row in rows:
        shown = "–" if row["recorded"] is None else f"{row['recorded']:g}"
        table.add_row(
            str(row["score"]),
            str(row["timepoint"]),
            str(row["region"]),
            str(row["item"]),
            f"{row['proposed']:g}",
            shown,
        )
    results().print(table)
    return 0


def _given(text: str) -> tuple[tuple[str, str], float]:
    """Read ``REGION:ITEM=VALUE``."""
    place, _, value = text.rpartition("=")
    region, _, item = place.partition(":")
    try:
        return (region, item), float(value)
    except ValueError as error:
        raise WrongUse(
            f"{text!r} is no grade", remedy="Write REGION:ITEM=VALUE, as right_lung/basal:pattern=4."
        ) from error
