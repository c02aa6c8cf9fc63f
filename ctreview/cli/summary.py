"""What a command says on stdout when it is done: the few numbers that matter, and where the rest is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.cli.terminal import results

if TYPE_CHECKING:
    from ctreview.change.comparison import Comparison, Interval

__all__ = ["show_checks", "show_comparison", "signed"]

SHOWN = 3
"""Regions of the first table: both lungs together, and each."""


def signed(interval: Interval | None, unit: str = "mL") -> str:
    """A change in words: ``−188 mL (−201 to −170)``."""
    if interval is None:
        return "–"
    value, low, high = (f"{number:+.0f}".replace("-", "−") for number in (interval.value, interval.low, interval.high))
    return f"{value} {unit} ({low} to {high})"


def show_comparison(found: Comparison, folder: Path) -> None:
    """Print the change of the lungs, the checks that failed, and where the report is."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading, side in (
        ("", "left"),
        ("opacity before", "right"),
        ("after", "right"),
        ("change (interval)", "right"),
        ("verdict", "left"),
    ):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    for region in found.regions[:SHOWN]:
        table.add_row(
            region.region.replace("_", " "),
            f"{region.baseline.opacity_ml:.0f} mL",
            f"{region.followup.opacity_ml:.0f} mL",
            signed(region.change["opacity_ml"]),
            region.verdict.replace("_", " "),
        )
    console = results()
    console.print(table)
    if found.residual:
        console.print(found.residual, markup=False, soft_wrap=True)
    show_checks(found.checks)
    console.print(f"Report: {folder / 'report.html'}", markup=False, soft_wrap=True)


def show_segmentation(found: Segmentation, folder: Path) -> None:
    """Print the volumes of the lungs and what lies in them."""
    raise NotImplementedError


def show_checks(checks: tuple[Any, ...]) -> None:
    """Print the checks that were not accepted, those that forbid a verdict first."""
    console = results()
    for check in sorted((check for check in checks if not check.ok), key=lambda check: not check.blocks):
        weight = "no verdict" if check.blocks else "note"
        console.print(f"{weight}: {check.says}", markup=False, soft_wrap=True)
