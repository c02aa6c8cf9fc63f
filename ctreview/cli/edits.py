"""``ctreview edits replay``: a reader's corrections in, the masks they make out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ctreview.cli.options import AsJson, Out, Overwrite, Quiet, chest_ct_settings
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_document, progress_bar, results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctreview.review.replay import CorrectedScan
    from ctreview.study import Reading, Study

__all__ = ["ReplayCommand", "edits", "replay"]

edits = typer.Typer(name="edits", no_args_is_help=True, help="What readers corrected.")


class ReplayCommand(CommandWithSettings):
    """Its options include how scans are loaded, where no study says so: loaded otherwise, a scan is another image."""

    settings = staticmethod(chest_ct_settings)
    without = frozenset({"threads"})
    parts = frozenset({"load"})


@edits.command("replay", cls=ReplayCommand)
def replay(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(
            help="A study folder, the folder of one reading in it, or a journal (journal.jsonl).", show_default=False
        ),
    ],
    *,
    out: Out,
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader",
            help="Whose corrections, where several read the study; a name, or name.version.",
            show_default=False,
        ),
    ] = None,
    timepoint: Annotated[
        list[int] | None,
        typer.Option("--timepoint", min=1, help="Which timepoint of the study; may be repeated. All if not given."),
    ] = None,
    scan: Annotated[
        Path | None,
        typer.Option("--scan", help="The image: needed with a journal, and where a study's was moved."),
    ] = None,
    series: Annotated[
        str | None, typer.Option("--series", help="Which series of --scan, by the word `info` lists.")
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            "--masks", help="With a journal: the .seg.nrrd that the computer had proposed; found anew if not given."
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Replay a reader's corrections and write the masks they make: those the reader saw, voxel for voxel.

    The folder gets timepoint-N.seg.nrrd (opens in 3D Slicer) and replay.json, which lists what no longer applies and
    is what --json prints. Of a study of muscle MRI the masks are the regions that were painted, and what they measure
    stands in regions.csv and regions.json beside them.
    """
    from ctreview.report import require_free
    from ctreview.review import region_files
    from ctreview.review import replay as replaying

    require_free(out, overwrite=overwrite)
    mri = region_files.find_region_reading(source, reader)
    if mri is not None:
        return _replay_regions(*mri, out, overwrite=overwrite, as_json=as_json, quiet=quiet)
    chosen = chosen_settings(context, chest_ct_settings())
    with progress_bar(quiet=quiet) as progress:
        found = replaying.replay(
            source,
            reader=reader,
            timepoints=timepoint or (),
            scan=scan,
            series=series,
            masks=masks,
            settings=None if chosen == chest_ct_settings() else chosen,  # a study knows its own
            progress=progress,
        )
        replaying.write_replayed(found, out, overwrite=overwrite)
    if as_json:
        print_document(out / "replay.json")
    else:
        _show(found, out)
    return 0


def _replay_regions(study: Study, reading: Reading, out: Path, *, overwrite: bool, as_json: bool, quiet: bool) -> int:
    """Write the regions of a study of MRI, and say what they measure."""
    from ctreview.review import region_files

    with progress_bar(quiet=quiet) as progress:
        review = region_files.replay_regions(study, reading, progress=progress)
        region_files.write_replayed_regions(review, reading, out, overwrite=overwrite)
    if as_json:
        print_document(out / "replay.json")
        return 0
    console = results()
    table = bare_table(("region", "side", "timepoint", "volume"))
    for number in range(len(review.sessions)):
        for row in review.rows(number, review.examinations[number].contrasts[0].name):
            table.add_row(row.values.region, row.values.side, str(row.timepoint), f"{row.values.volume_ml:.2f} mL")
    console.print(table)
    for edit, reason in review.refused:
        console.print(f"no longer applies: {edit.kind}: {reason}", markup=False, soft_wrap=True)
    console.print(f"For 3D Slicer: {out}", markup=False, soft_wrap=True)
    return 0


def _show(found: Sequence[CorrectedScan], folder: Path) -> None:
    """Print how many edits apply, what they changed, and which are lost."""
    console = results()
    table = bare_table(("", "edits applied", "lost", "opacity proposed", "corrected"))
    for one in found:
        before, after = (labels.volume_ml("ground_glass", "consolidation") for labels in (one.proposed, one.opacity))
        whose = f", {one.reader}" if one.reader else ""
        table.add_row(
            f"timepoint {one.number}{whose}",
            str(len(one.applied)),
            str(len(one.refused)),
            f"{before:.1f} mL",
            f"{after:.1f} mL",
        )
    console.print(table)
    for one in found:
        for edit, reason in one.refused:
            says = f"no longer applies: {edit.kind} of {edit.time:%Y-%m-%d %H:%M} (timepoint {one.number}): {reason}"
            console.print(says, markup=False, soft_wrap=True)
    if lost := {edit.id for one in found for edit in one.elsewhere}:
        console.print(f"Drawn on other images and left alone: {len(lost)}.", markup=False)
    console.print(f"For 3D Slicer: {folder}", markup=False, soft_wrap=True)
