"""What a command says on stdout when it is done: the few numbers that matter, and where the rest is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ctreview.cli.terminal import results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ctreview.change import Candidate
    from ctreview.change.comparison import Comparison, Interval
    from ctreview.checks import Check
    from ctreview.report import Segmented

__all__ = [
    "bare_table",
    "show_candidates",
    "show_checks",
    "show_comparison",
    "show_ending",
    "show_reasons",
    "show_segmentation",
    "signed",
]


def _whole(region: str) -> bool:
    """Whether a region is an organ or a lobe of it, and no third or half of one; the tables hold those too."""
    return "/" not in region


def signed(interval: Interval | None, unit: str = "mL", digits: int = 0) -> str:
    """A change in words: ``−188 mL (−201 to −170)``."""
    if interval is None:
        return "–"
    numbers = interval.value, interval.low, interval.high
    value, low, high = (f"{number:+.{digits}f}".replace("-", "−") for number in numbers)
    return f"{value} {unit} ({low} to {high})"


def show_comparison(found: Comparison, folder: Path) -> None:
    """Print why there is no verdict, the change of the lungs, the other checks that failed, where the report is."""
    show_reasons(found.checks)
    table = bare_table(("", "opacity before", "after", "change (interval)", "verdict"))
    for region in (one for one in found.regions if _whole(one.region)):
        table.add_row(
            region.region.replace("_", " "),
            f"{region.baseline.opacity_ml:.0f} mL",
            f"{region.followup.opacity_ml:.0f} mL",
            signed(region.change["opacity_ml"]),
            region.verdict.replace("_", " "),
        )
    results().print(table)
    show_ending(found, folder)


def show_ending(found: Comparison, folder: Path) -> None:
    """Print the verdict, where the rest is, what else the checks say, and where the report is."""
    console = results()
    console.print(f"Verdict: {found.verdict.replace('_', ' ')}.", markup=False)
    if found.residual:
        console.print(found.residual, markup=False, soft_wrap=True)
    show_candidates((("baseline", found.baseline.candidates), ("follow-up", found.followup.candidates)))
    show_checks(tuple(check for check in found.checks if not check.stops))
    console.print(f"Report: {folder / 'report.html'}", markup=False, soft_wrap=True)


def show_segmentation(found: Segmented, folder: Path) -> None:
    """Print the volumes of the lungs and of what lies in them, the checks that failed, and where the rest is."""
    document = found.to_dict()
    table = bare_table(("", "volume", *(one["name"] for one in document["classes"])))
    for region in (one for one in document["regions"] if _whole(one["region"])):
        ml = [region["volume_ml"], *(region["classes_ml"][one["key"]] for one in document["classes"])]
        table.add_row(region["region"].replace("_", " "), *(f"{one:.0f} mL" for one in ml))
    console = results()
    console.print(table)
    show_candidates((("", found.timepoint.candidates),))
    show_checks(found.checks)
    console.print(f"For 3D Slicer: {folder / 'segmentation.seg.nrrd'}", markup=False, soft_wrap=True)


def show_candidates(points: Sequence[tuple[str, Sequence[Candidate]]]) -> None:
    """Print the dense areas that nobody has accepted or dismissed: mL and id of each, with the scan that shows it."""
    from ctreview.change import open_candidates

    still = [(when, one.piece) for when, candidates in points for one in open_candidates(candidates)]
    if not still:
        return
    said = [
        f"{piece.ml:.0f} mL {piece.id} ({', '.join(word for word in (when, piece.side.replace('_', ' ')) if word)}, "
        f"{piece.proposed}?)"
        for when, piece in still
    ]
    line = f"Dense areas to confirm: {len(still)}, in no number: {'; '.join(said)}."
    results().print(line, markup=False, soft_wrap=True)


def bare_table(headings: tuple[str, ...]) -> Table:
    """A bare table: words on the left, numbers on the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in {"", "verdict"} else "right")
    return table


def show_reasons(checks: tuple[Check, ...]) -> None:
    """Print what the checks say that leave no verdict."""
    for message in dict.fromkeys(check.message for check in checks if check.stops):
        results().print(f"No verdict: {message}", markup=False, soft_wrap=True)


def show_checks(checks: tuple[Check, ...]) -> None:
    """Print the checks that were not accepted, those that forbid a verdict first."""
    console = results()
    for check in sorted((check for check in checks if not check.ok), key=lambda check: not check.stops):
        weight = "no verdict" if check.stops else "wider interval" if check.widens else "note"
        console.print(f"{weight}: {check.message}", markup=False, soft_wrap=True)
