"""The numbers as tables: tidy rows for statistics, and a few words for a terminal."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.change.comparison import Comparison
from ctreview.report import words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["change_rows", "change_table", "measurement_rows", "summary_rows", "write_csv"]

TIMEPOINTS = ("baseline", "followup")


def change_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The content of ``change.json`` as tidy rows: one for each region at baseline, at follow-up, and of change.

    Parameters
    ----------
    document : mapping
        The content of ``change.json``.

    Returns
    -------
    list of dict
        All with the same keys; what a row has no value for is None. Columns are variables, each in one unit, which
        ends its name. ``timepoint`` is ``"baseline"``, ``"followup"`` or ``"change"``. Rows of change hold, beside
        the value, ``…_low`` and ``…_high`` before the unit (``opacity_low_ml``), what dominates the interval, the
        verdict, and the millilitres of each fate.
    """
    rows: list[dict[str, Any]] = []
    for region in document["regions"]:
        rows += [{"region": region["region"], "timepoint": key, **region[key]} for key in TIMEPOINTS]
        change: dict[str, Any] = {"region": region["region"], "timepoint": "change"}
        for key, interval in region["change"].items():
            change |= _interval_columns(key, interval)
        change |= {f"fate_{key}_ml": value for key, value in (region["fate_ml"] or {}).items()}
        rows.append(change | {"verdict": region["verdict"]})
    return _same_columns(rows)


def change_table(document: Mapping[str, Any]) -> pd.DataFrame:
    """`change_rows` as a DataFrame."""
    import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

    return pd.DataFrame(change_rows(document))


def measurement_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The content of ``measurements.json`` as rows: one for each region, the unit at the end of each column's name."""
    return _same_columns([dict(region) for region in document["regions"]])


def summary_rows(comparison: Comparison) -> list[tuple[str, str, str, str, str, str]]:
    """The regions in words for a terminal: region, baseline mL, follow-up mL, change mL, its interval, verdict."""
    rows = []
    for found in comparison.regions:
        change = found.change["opacity_ml"]
        if "/" in found.region or change is None:
            continue
        rows.append(
            (
                words.region_name(found.region),
                words.number(found.baseline.opacity_ml),
                words.number(found.followup.opacity_ml),
                words.signed(change.value),
                words.span(change.low, change.high),
                words.verdict_word(found.verdict),
            )
        )
    return rows


def write_csv(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows with a header line, comma-separated, in UTF-8; None is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _interval_columns(key: str, interval: Mapping[str, Any] | None) -> dict[str, Any]:
    stem, _, unit = key.rpartition("_")
    values = interval or {"value": None, "low": None, "high": None, "dominant": None}
    return {
        key: values["value"],
        f"{stem}_low_{unit}": values["low"],
        f"{stem}_high_{unit}": values["high"],
        f"{stem}_{unit}_dominant": values["dominant"],
    }


def _same_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    columns = dict.fromkeys(key for row in rows for key in row)
    return [{key: row.get(key) for key in columns} for row in rows]
