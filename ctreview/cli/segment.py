"""``ctreview segment``: one scan in, its lungs and opacity out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ctreview.cli.options import Age, AsJson, Identify, Out, Overwrite, Quiet, Source, Threads, open_folder
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.summary import show_segmentation
from ctreview.cli.terminal import print_json, progress_bar

if TYPE_CHECKING:
    from ctreview.recipes.chest_ct import ChestCtSettings

__all__ = ["SegmentCommand", "segment"]


def _settings() -> ChestCtSettings:
    from ctreview.recipes.chest_ct import ChestCtSettings

    return ChestCtSettings()


class SegmentCommand(CommandWithSettings):
    """Its options include those settings of the chest CT recipe that concern one scan."""

    settings = staticmethod(_settings)
    without = frozenset({"threads"})


def segment(
    context: typer.Context,
    source: Source,
    *,
    out: Out,
    series: Annotated[
        str | None, typer.Option("--series", help="Which series, by the word `info` lists.", show_default=False)
    ] = None,
    age: Age = None,
    identify: Identify = False,
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Find lungs, ground glass and consolidation in one CT and measure them.

    The folder gets segmentation.seg.nrrd (opens in 3D Slicer), measurements.json and measurements.csv.
    """
    from ctreview.recipes import chest_ct
    from ctreview.report import write_segmentation_result

    open_folder(out, overwrite=overwrite)
    with progress_bar(quiet=quiet) as progress:
        found = chest_ct.segment(
            source,
            settings=chosen_settings(context, _settings()),
            series=series,
            age_years=age,
            threads=threads,
            progress=progress,
        )
        write_segmentation_result(found, out, identify=identify, overwrite=overwrite)
    if as_json:
        print_json(found.to_dict())
    else:
        show_segmentation(found, out)
    return 4 if any(check.blocks and not check.ok for check in found.checks) else 0
