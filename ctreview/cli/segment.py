"""``ctreview segment``: one scan in, its lungs and opacity out."""

from __future__ import annotations

from typing import Annotated

import typer

from ctreview.cli.options import (
    AcceptDense,
    Age,
    AsJson,
    Identify,
    Out,
    Overwrite,
    Quiet,
    Source,
    Threads,
    candidate_ids,
    chest_ct_settings,
)
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.summary import show_segmentation
from ctreview.cli.terminal import print_document, progress_bar
from ctreview.progress import part

__all__ = ["SegmentCommand", "segment"]


class SegmentCommand(CommandWithSettings):
    """Its options include those settings of the chest CT recipe that concern one scan."""

    settings = staticmethod(chest_ct_settings)
    without = frozenset({"threads"})
    parts = frozenset({"load", "lungs", "lungs_from", "lobes", "lobes_from", "lobe", "vessels", "opacity"})


def segment(
    context: typer.Context,
    source: Source,
    *,
    out: Out,
    series: Annotated[
        str | None, typer.Option("--series", help="Which series, by the word `info` lists.", show_default=False)
    ] = None,
    age: Age = None,
    accept_dense: AcceptDense = None,
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
    from ctreview.report import require_free, write_segmentation_result

    require_free(out, overwrite=overwrite)
    with progress_bar(quiet=quiet) as progress:
        found = chest_ct.segment(
            source,
            settings=chosen_settings(context, chest_ct_settings()),
            series=series,
            age_years=age,
            accept_dense=candidate_ids(accept_dense),
            threads=threads,
            progress=part(progress, 0.0, 0.9),
        )
        rest = part(progress, 0.9, 1.0)
        write_segmentation_result(found, out, identify=identify, overwrite=overwrite, progress=rest)
    if as_json:
        print_document(out / "measurements.json")
    else:
        show_segmentation(found, out)
    return 0 if found.interpretable else 4
