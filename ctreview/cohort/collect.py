"""From the files of the cases to tables: one row for each case, region and measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ctreview.change.table import EFFECT_COLUMNS, change_rows
from ctreview.change.table import columns as measures_of
from ctreview.cohort.case import Case
from ctreview.cohort.columns import CASE_COLUMNS, MEASURE_COLUMNS, Column, unit_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FAILED", "FoundCase", "case_table", "measure_table"]

FAILED = "failed"
"""The verdict of a case without a result: its row is there, so that nobody is lost without a word."""


@dataclass(frozen=True)
class FoundCase:
    """What became of a case.

    Attributes
    ----------
    case : Case
    document : mapping or None
        The content of its file, if there is one.
    fault : str or None
        Why it cannot be run: what is wrong with its lines of the manifest.
    """

    case: Case
    document: Mapping[str, Any] | None
    fault: str | None = None

    @property
    def change(self) -> Mapping[str, Any] | None:
        """The ``change.json`` of its result; None where there is none."""
        return None if self.document is None else self.document.get("change")

    @property
    def reason(self) -> str | None:
        """Why there is no result; None where there is one, or it was not run."""
        return self.fault or (None if self.document is None else self.document.get("reason"))


_TYPES = {"text": "string", "number": "float64", "whole number": "Int64", "true or false": "bool"}


def measure_table(found: Sequence[FoundCase], covariates: Sequence[str]) -> pd.DataFrame:
    """One row for each case, region and measure; of a case without a result one row that says so."""
    rows = [{**row, **_covariates(one.case, covariates)} for one in found for row in _measure_rows(one)]
    return _table(rows, MEASURE_COLUMNS, _covariate_columns(found, covariates))


def case_table(found: Sequence[FoundCase], covariates: Sequence[str]) -> pd.DataFrame:
    """One row for each case, with what became of it."""
    rows = [{**_who(one), **_outcome(one), **_origin(one), **_covariates(one.case, covariates)} for one in found]
    return _table(rows, CASE_COLUMNS, _covariate_columns(found, covariates))


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], covariates: Sequence[str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

    table = pd.DataFrame(rows, columns=[*(column.name for column in columns), *covariates])
    table = table.astype({column.name: _TYPES[column.kind] for column in columns})
    for name in covariates:
        numbers = pd.to_numeric(table[name].replace("", None), errors="coerce")
        known = table[name].fillna("") != ""
        table[name] = numbers if numbers[known].notna().all() else table[name].astype("string")
    return table


def _covariate_columns(found: Sequence[FoundCase], covariates: Sequence[str]) -> list[str]:
    """The covariates, and beside each that changes within a subject its value at the earlier scan."""
    names = []
    for name in covariates:
        names.append(name)
        if any(one.case.baseline.covariates.get(name) != one.case.followup.covariates.get(name) for one in found):
            names.append(f"baseline_{name}")
    return names


def _covariates(case: Case, covariates: Iterable[str]) -> dict[str, str | None]:
    of_followup = {name: case.followup.covariates.get(name) or None for name in covariates}
    of_baseline = {f"baseline_{name}": case.baseline.covariates.get(name) or None for name in covariates}
    return {**of_baseline, **of_followup}


def _who(found: FoundCase) -> dict[str, Any]:
    case = found.case
    first, second = case.baseline.acquired, case.followup.acquired
    days = None if first is None or second is None else (second - first).days
    return {
        "subject": case.subject,
        "baseline": case.baseline.timepoint,
        "followup": case.followup.timepoint,
        "against_baseline": case.against_baseline,
        "against_previous": case.against_previous,
        "days": days if found.change is None else found.change["interval_days"],
    }


def _origin(found: FoundCase) -> dict[str, Any]:
    document = found.document or {}
    engine, series = document.get("engine", {}), document.get("series", {})
    return {
        **{name: engine.get(name) for name in ("version", "code", "lock", "settings")},
        "seed": engine.get("seeds", {}).get("interval"),
        "threads": document.get("resources", {}).get("threads"),
        "baseline_series": series.get("baseline"),
        "followup_series": series.get("followup"),
        "case": found.case.name,
    }


def _outcome(found: FoundCase) -> dict[str, Any]:
    spent = (found.document or {}).get("resources", {})
    spent = {name: spent.get(name) for name in ("seconds", "cpu_seconds", "peak_mib")}
    if found.change is None:
        status = "failed" if found.reason else "missing"
        return {"status": status, "verdict": FAILED if found.reason else None, "reason": found.reason, **spent}
    stops = [one["message"] for one in found.change["checks"] if one["effect"] == "stops" and not one["ok"]]
    verdict = found.change["regions"][0]["verdict"]
    return {"status": "done", "verdict": verdict, "reason": " ".join(dict.fromkeys(stops)) or None, **spent}


def _measure_rows(found: FoundCase) -> Iterator[dict[str, Any]]:
    shared = {**_who(found), **_origin(found)}
    if found.change is None:
        what = {"region": "lungs", "measure": "opacity_ml", "unit": unit_of("opacity_ml")}
        yield {**shared, **what, "verdict": _outcome(found)["verdict"]}
        return
    for region, row in zip(found.change["regions"], change_rows(found.change), strict=True):
        of_region = {name: row[name] or None for name in ("region", "verdict", *EFFECT_COLUMNS.values())}
        for measure, numbers in _numbers(region).items():
            yield {**shared, **of_region, "measure": measure, "unit": unit_of(measure), **numbers}


def _numbers(region: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The measures of a region: of both scans, their change with its interval, and the fates."""
    found: dict[str, dict[str, Any]] = {}
    for when in ("baseline", "followup"):
        for name, value in measures_of(region[when]).items():
            found.setdefault(name, {})[f"{when}_value"] = value
    for name, interval in measures_of(region["change"]).items():
        known = interval or {}
        found.setdefault(name, {}).update({key: known.get(key) for key in ("value", "low", "high")})
    for name, value in (region["fate_ml"] or {}).items():
        found[f"fate_{name}_ml"] = {"value": value}
    return found
