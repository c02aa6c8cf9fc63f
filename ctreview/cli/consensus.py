"""``ctreview consensus``: where two readings differ, and a third reading in which each difference was decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ctreview.cli.options import AsJson, Quiet
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_json, progress_bar, results
from ctreview.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ctreview.review.consensus import ReadingDifference, Side

__all__ = ["consensus"]


def consensus(
    first: Annotated[str, typer.Argument(metavar="A", help="A reader, by name or name.version.", show_default=False)],
    second: Annotated[str, typer.Argument(metavar="B", help="The other reader.", show_default=False)],
    *,
    study: Annotated[Path, typer.Option("--study", help="The study that both have read.", show_default=False)],
    author: Annotated[
        str | None,
        typer.Option("--author", help="Who decided: makes the reading under this name.", show_default=False),
    ] = None,
    decide: Annotated[
        list[str] | None,
        typer.Option(
            "--decide",
            help="NUMBER=A or NUMBER=B, the reader who is right there, or NUMBER=neither; may be repeated.",
            show_default=False,
        ),
    ] = None,
    rest: Annotated[
        str | None,
        typer.Option("--rest", help="The reader who is right in all others: A, B or neither.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """List where two readings of a study differ; with --author make a consensus reading of them.

    Each difference is decided once, for one of the two readers or for neither. The consensus is a draft of its own,
    which can be opened, corrected and signed; what either reader had stays as it is.
    """
    from ctreview.review import consensus as made_of
    from ctreview.study import Study

    opened = Study.open(study)
    sides: dict[str, Side] = {"neither": "neither", first: "first", second: "second"}
    decisions = dict(_decision(text, sides) for text in decide or ())
    with progress_bar(quiet=quiet) as progress:
        if author is None:
            found = made_of.read_differences(opened, first, second, progress=progress)[2]
        else:
            made = made_of.make_consensus(
                opened,
                first,
                second,
                decisions,
                author=author,
                rest=None if rest is None else _side(rest, sides),
                progress=progress,
            )
            results().print(f"Consensus: {made.folder}", markup=False, soft_wrap=True)
            return 0
    if as_json:
        print_json({"schema": "ctreview.differences/1", "differences": [_plain(one) for one in found]})
    else:
        _show(found, (first, second))
    return 0


def _plain(one: ReadingDifference) -> dict[str, object]:
    names = ("number", "timepoint", "ml", "region", "first_ml", "second_ml", "point")
    return {name: getattr(one, name) for name in names}


def _show(found: Sequence[ReadingDifference], names: tuple[str, str]) -> None:
    table = bare_table(("number", "timepoint", "where", "size", *names))
    for one in found:
        table.add_row(
            str(one.number),
            str(one.timepoint),
            one.region.replace("_", " "),
            f"{one.ml:.1f} mL",
            *(_labels(said) for said in (one.first_ml, one.second_ml)),
        )
    results().print(table)


def _labels(ml: Mapping[str, float]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value:.1f} mL" for key, value in ml.items()) or "–"


def _decision(text: str, sides: Mapping[str, Side]) -> tuple[int, Side]:
    number, _, who = text.partition("=")
    if not number.isdigit():
        raise WrongUse(f"{text!r} is no decision", remedy="Write NUMBER=READER, as 1=anna, or 1=neither.")
    return int(number), _side(who, sides)


def _side(who: str, sides: Mapping[str, Side]) -> Side:
    if who not in sides:
        raise WrongUse(f"{who!r} is none of the two readers", remedy=f"Name {' or '.join(sides)}.")
    return sides[who]
