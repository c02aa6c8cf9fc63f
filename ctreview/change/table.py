"""The numbers of a document as rows of a table, one for each region: one layout, one naming of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctreview.checks import Check, Effect

__all__ = ["change_rows", "columns", "measurement_rows"]

ENDS = ("low", "high")

WHOLE, SIDES, THIRDS = "lungs", ("right_lung", "left_lung"), ("apical", "middle", "basal")
"""All, the lungs, and the parts of each lung beside which candidates are said to lie."""

EFFECT_COLUMNS: Mapping[Effect, str] = {
    "stops": "checks_that_stop",
    "widens": "checks_that_widen",
    "tells": "checks_that_tell",
}
"""The column that names the failed checks of each effect."""


def columns(measures: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of a region under one name each, the unit at its end.

    A mapping of classes or bands is laid out by its keys: ``{"classes_ml": {"ground_glass": 3.0}}`` becomes
    ``{"ground_glass_ml": 3.0}``.
    """
    found: dict[str, Any] = {}
    for name, value in measures.items():
        if name.startswith(("classes_", "bands_")):
            unit = name.partition("_")[2]
            found |= {f"{key}_{unit}": one for key, one in value.items()}
        else:
            found[name] = value
    return found


def change_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The regions of a ``change.json``, one row each.

    Returns
    -------
    list of dict
        All with the same keys: ``region``, ``verdict``, the names of the failed checks that concern the region, parted
        by blanks (``checks_that_stop``, ``checks_that_widen``, ``checks_that_tell``), the measures after ``baseline_``
        and ``followup_``, the change as ``change_opacity_ml`` with its interval as ``change_opacity_low_ml`` and
        ``change_opacity_high_ml`` and what makes it wide as ``change_opacity_ml_dominant``, ``fate_resolved_ml`` … and
        the candidates that are open beside the region as ``baseline_open_candidates`` and
        ``baseline_open_candidates_ml`` (they are in no other number), ``baseline_series``, which was measured, and
        ``baseline_reading_warnings``, one sentence after the other. None is what is not known.
    """
    rows = []
    checks = [Check(**{**one, "regions": tuple(one["regions"])}) for one in document["checks"]]
    for region in document["regions"]:
        name, whole = region["region"], document["regions"][0]["region"]
        row: dict[str, Any] = {"region": name, "verdict": region["verdict"]}
        row |= _failed([check for check in checks if check.concerns(name, whole)])
        for when in ("baseline", "followup"):
            row |= {f"{when}_{name}": value for name, value in columns(region[when]).items()}
            offered = [one for one in document.get("candidates", ()) if one.get("timepoint") == when]
            row |= {f"{when}_{name}": value for name, value in _open_candidates(region["region"], offered).items()}
        for name, interval in columns(region["change"]).items():
            row |= _interval(f"change_{name}", interval)
        row |= {f"fate_{key}_ml": value for key, value in (region["fate_ml"] or {}).items()}
        row |= _of_reading(document)
        rows.append(row)
    return _same_keys(rows)


def _failed(checks: Sequence[Check]) -> dict[str, str]:
    """The names of the checks that failed, by what follows."""
    return {
        column: " ".join(dict.fromkeys(check.name for check in checks if not check.ok and check.effect == effect))
        for effect, column in EFFECT_COLUMNS.items()
    }


def _of_reading(document: Mapping[str, Any]) -> dict[str, Any]:
    """Which series of each scan was read, and what was odd about it; the same in every row."""
    said = document.get("reading_warnings", {})
    return {
        **{f"{when}_series": document.get(when, {}).get("series") for when in ("baseline", "followup")},
        **{f"{when}_reading_warnings": " ".join(said.get(when, ())) or None for when in ("baseline", "followup")},
    }


def measurement_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The regions of a ``measurements.json``, one row each."""
    offered = document.get("candidates", ())
    return _same_keys(
        [{**columns(region), **_open_candidates(region["region"], offered)} for region in document["regions"]]
    )


def _open_candidates(region: str, offered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Number and millilitres of what is open beside a region; unknown for parts that candidates are not told by."""
    side, _, part = region.partition("/")
    if not (region == WHOLE or (side in SIDES and (not part or part in THIRDS))):
        return {"open_candidates": None, "open_candidates_ml": None}
    beside = [one for one in offered if one["state"] == "open" and region in (WHOLE, one["side"], one["region"])]
    return {"open_candidates": len(beside), "open_candidates_ml": sum(float(one["ml"]) for one in beside)}


def _interval(name: str, interval: Mapping[str, Any] | None) -> dict[str, Any]:
    stem, _, unit = name.rpartition("_")
    known = interval or {}
    return {
        name: known.get("value"),
        **{f"{stem}_{end}_{unit}": known.get(end) for end in ENDS},
        f"{name}_dominant": known.get("dominant"),
    }


def _same_keys(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return [{key: row.get(key) for key in keys} for row in rows]
