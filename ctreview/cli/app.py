"""The commands put together."""

from __future__ import annotations

from typing import Annotated

import typer

from ctreview.cli.agree import agree
from ctreview.cli.bids import bids
from ctreview.cli.cohort import CohortCommand, cohort
from ctreview.cli.compare import CompareCommand, compare
from ctreview.cli.consensus import consensus
from ctreview.cli.demo import demo
from ctreview.cli.doctor import doctor
from ctreview.cli.edits import edits
from ctreview.cli.follow import FollowCommand, follow
from ctreview.cli.info import info
from ctreview.cli.models import models
from ctreview.cli.muscle import MuscleCommand, MuscleCompareCommand, muscle, muscle_compare
from ctreview.cli.muscle_ultrasound import muscle_ultrasound
from ctreview.cli.qc import qc
from ctreview.cli.repeat import repeat
from ctreview.cli.scores import scores
from ctreview.cli.segment import SegmentCommand, segment
from ctreview.cli.timeline import timeline
from ctreview.version import __version__

__all__ = ["app"]

app = typer.Typer(
    name="ctreview",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ctreview {__version__}")
        raise typer.Exit


@app.callback()
def ctreview(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Follow ground glass in thorax CT over time. Research use; not a medical device."""


app.command("info")(info)
app.command("segment", cls=SegmentCommand)(segment)
app.command("compare", cls=CompareCommand)(compare)
app.command("follow", cls=FollowCommand)(follow)
app.command("muscle", cls=MuscleCommand)(muscle)
app.command("muscle-compare", cls=MuscleCompareCommand)(muscle_compare)
app.command("muscle-ultrasound")(muscle_ultrasound)
app.command("cohort", cls=CohortCommand)(cohort)
app.command("timeline")(timeline)
app.command("repeat")(repeat)
app.command("qc")(qc)
app.command("bids")(bids)
app.command("scores")(scores)
app.add_typer(edits)
app.command("agree")(agree)
app.command("consensus")(consensus)
app.command("demo")(demo)
app.command("doctor")(doctor)
app.command("models")(models)
