"""``ctreview demo --muscle``: the phantom child's thighs in MRI at two dates, whose answer is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.cli.summary import bare_table, signed
from ctreview.cli.terminal import print_json, progress_bar, remark, results
from ctreview.cli.truth_rows import TrueChange
from ctreview.progress import part
from ctreview.sample_data import ANSWER, BASELINE, FOLLOWUP, MUSCLE, sample_data

if TYPE_CHECKING:
    from ctreview.recipes.muscle_mri import MuscleChange, MuscleMriComparison

__all__ = ["MuscleTruthRow", "demo_muscle", "muscle_beside_truth"]


def demo_muscle(out: Path, *, overwrite: bool, as_json: bool, quiet: bool) -> int:
    """Compare both dates and show what was measured beside what is true.

    Both ends of each femur are stated, as a reader would: the images do not reach them.
    """
    from ctreview.recipes import muscle_mri
    from ctreview.report import require_free
    from ctreview.report.muscle_folder import write_muscle_comparison

    folder = sample_data() / MUSCLE
    require_free(out, overwrite=overwrite)
    remark("Comparing two examinations of the phantom child's thighs; this takes some seconds.", quiet=quiet)
    answer = json.loads((folder / ANSWER).read_text(encoding="utf-8"))
    with progress_bar(quiet=quiet) as progress:
        found = muscle_mri.compare_muscle(
            folder / BASELINE,
            folder / FOLLOWUP,
            femurs_mm=(_femurs(answer["baseline"]), _femurs(answer["followup"])),
            progress=part(progress, 0.0, 0.85),
        )
        write_muscle_comparison(found, out, overwrite=overwrite)
    rows = tuple(muscle_beside_truth(found, answer))
    if as_json:
        change = json.loads((out / "muscle_change.json").read_text(encoding="utf-8"))
        beside = [row.to_dict() for row in rows]
        report = str(out / "report.html")
        print_json({"schema": "ctreview.demo_muscle/1", "report": report, "beside_truth": beside, "change": change})
    else:
        _show(rows)
        results().print(f"Report: {out / 'report.html'}")
    return 4 if found.verdict == "not_interpretable" else 0


def _femurs(truth: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    knee, hip = truth["femur_mm"]
    return {"right": (knee, hip), "left": (knee, hip)}


@dataclass(frozen=True)
class MuscleTruthRow:
    """A number of one thigh in the part that both dates show: what was measured beside what is true."""

    true: TrueChange
    measured: MuscleChange

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "true": self.true.to_dict(),
            "measured": self.measured.to_dict(),
            "interval_holds_truth": self.true.is_held,
        }


def muscle_beside_truth(found: MuscleMriComparison, answer: Mapping[str, Any]) -> Iterator[MuscleTruthRow]:
    """Put what was measured beside the answer, for each number of each thigh that both name."""
    known = [answer[when]["regions"] for when in ("baseline", "followup")]
    for one in found.changes:
        truths = [regions.get(one.region, {}).get("shared_part", {}) for regions in known]
        if all(one.key in truth for truth in truths):
            yield MuscleTruthRow(TrueChange(truths[0][one.key], truths[1][one.key], one.change), one)


def _show(rows: tuple[MuscleTruthRow, ...]) -> None:
    columns = ("", "", "true before", "measured", "true after", "measured", "true change", "measured (interval)")
    table = bare_table(columns)
    for row in rows:
        one = row.measured
        digits = 0 if one.unit == "mL" else 1
        numbers = (row.true.before, one.baseline, row.true.after, one.followup)
        table.add_row(
            one.region.replace("_", " "),
            one.key.removesuffix("_ml").replace("_", " "),
            *(f"{number:.{digits}f} {one.unit}" for number in numbers),
            f"{row.true.change:+.{digits}f}".replace("-", "−"),
            signed(one.change, one.unit, digits),
        )
    console = results()
    console.print("Muscle of the phantom child's thighs, in the part that both examinations show:")
    console.print(table)
