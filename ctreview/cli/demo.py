"""``ctreview demo``: the two scans of the phantom child, whose answer is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctreview.cli.demo_muscle import demo_muscle
from ctreview.cli.options import AsJson, Overwrite, Quiet, Threads
from ctreview.cli.summary import bare_table, show_ending, show_reasons, signed
from ctreview.cli.terminal import print_json, progress_bar, remark, results
from ctreview.cli.truth_rows import TrueChange
from ctreview.progress import part
from ctreview.sample_data import ANSWER, BASELINE, FOLLOWUP, sample_data

if TYPE_CHECKING:
    from ctreview.change.comparison import Comparison

__all__ = ["TruthRow", "beside_truth", "demo"]


def demo(
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="The folder to write: ctreview-demo or ctreview-demo-muscle if not given.", show_default=False
        ),
    ] = None,
    muscle: Annotated[
        bool, typer.Option("--muscle", help="Muscle MRI of the child's thighs instead of CT of its thorax.")
    ] = False,
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Compare the two scans of a phantom child, by lobe, and show what was measured beside what is true.

    The child is invented: a four-year-old with the findings of a published case, drawn by a program. The page puts the
    scores, blood values and treatments of that case beside what was measured in the phantom, each marked as such.
    """
    if muscle:
        return demo_muscle(out or Path("ctreview-demo-muscle"), overwrite=overwrite, as_json=as_json, quiet=quiet)
    from ctreview.clinical import index_case
    from ctreview.recipes import chest_ct
    from ctreview.report import require_free, write_comparison
    from ctreview.report.timeline import timeline_of_comparison

    folder, out = sample_data(), out or Path("ctreview-demo")
    require_free(out, overwrite=overwrite)
    remark("Comparing the two scans of the phantom child; this takes a minute or two.", quiet=quiet)
    with progress_bar(quiet=quiet) as progress:
        found = chest_ct.compare(
            folder / BASELINE,
            folder / FOLLOWUP,
            threads=threads,
            progress=part(progress, 0.0, 0.85),
        )
        course = timeline_of_comparison(index_case(), found, results_from="phantom")
        write_comparison(
            found, out, sections=course.sections(), overwrite=overwrite, progress=part(progress, 0.85, 1.0)
        )
    answer = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
    rows = tuple(beside_truth(found, answer))
    if as_json:
        change = json.loads((out / "change.json").read_text(encoding="utf-8"))
        beside = [row.to_dict() for row in rows]
        print_json(
            {"schema": "ctreview.demo/1", "report": str(out / "report.html"), "beside_truth": beside, "change": change}
        )
    else:
        show_reasons(found.checks)
        _show(rows)
        show_ending(found, out)
    return 4 if found.verdict == "not_interpretable" else 0


@dataclass(frozen=True)
class TruthRow:
    """What was measured in a region beside what is true; opacity in millilitres."""

    region: str
    true: TrueChange
    before: float
    after: float

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        change = self.true.interval
        return {
            "region": self.region,
            "true_ml": self.true.to_dict(),
            "measured_ml": {"baseline": round(self.before, 3), "followup": round(self.after, 3)},
            "change": None if change is None else change.to_dict(),
            "interval_holds_truth": self.true.is_held,
        }


def beside_truth(found: Comparison, answer: dict[str, Any]) -> Iterator[TruthRow]:
    """Put what was measured beside the answer, for every region that both name."""
    known = {when: answer[when]["regions"] for when in ("baseline", "followup")}
    for region in found.regions:
        if all(region.region in regions for regions in known.values()):
            before, after = (_opacity(known[when][region.region]) for when in ("baseline", "followup"))
            measured = region.baseline.opacity_ml, region.followup.opacity_ml
            yield TruthRow(region.region, TrueChange(before, after, region.change["opacity_ml"]), *measured)


def _opacity(true: dict[str, float]) -> float:
    return round(true["ground_glass_ml"] + true["consolidation_ml"], 3)


def _show(rows: tuple[TruthRow, ...]) -> None:
    table = bare_table(("", "true before", "measured", "true after", "measured", "true change", "measured (interval)"))
    for row in rows:
        table.add_row(
            row.region.replace("_", " "),
            *(f"{ml:.0f} mL" for ml in (row.true.before, row.before, row.true.after, row.after)),
            f"{row.true.change:+.0f} mL".replace("-", "−"),
            signed(row.true.interval),
        )
    console = results()
    console.print("Ground glass and consolidation of the phantom child:")
    console.print(table)
