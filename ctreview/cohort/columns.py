"""The columns of the tables of a cohort: their names, types, units and meaning, written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CASE_COLUMNS", "MEASURES", "MEASURE_COLUMNS", "RESERVED", "UNITS", "Column", "unit_of"]


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
    kind : str
        ``"text"``, ``"number"``, ``"whole number"`` or ``"true or false"``.
    words : str
        What it holds; empty cells mean that it is not known, or that there is none.
    """

    name: str
    kind: str
    words: str


WHO = (
    Column("subject", "text", "the subject, as the manifest calls it"),
    Column("baseline", "text", "timepoint of the earlier scan of the pair"),
    Column("followup", "text", "timepoint of the later scan of the pair"),
    Column("against_baseline", "true or false", "whether the earlier scan is the first of the subject"),
    Column("against_previous", "true or false", "whether the earlier scan is the one just before the later"),
    Column("days", "whole number", "days between the two scans"),
)
ORIGIN = (
    Column("version", "text", "version of ctreview"),
    Column("code", "text", "digest of the source that numbers come from"),
    Column("lock", "text", "digest of the installed versions of all libraries that ctreview requires"),
    Column("settings", "text", "digest of the settings, without threads"),
    Column("seed", "whole number", "seed of what the intervals draw"),
    Column("threads", "whole number", "threads of the worker; no number depends on it"),
    Column("baseline_series", "text", "digest of the series UID of the earlier scan"),
    Column("followup_series", "text", "digest of the series UID of the later scan"),
    Column("case", "text", "name of the case's file"),
)

MEASURE_COLUMNS: tuple[Column, ...] = (
    *WHO,
    Column("region", "text", "lungs, a lung, or a part of it: ``right_lung/basal``"),
    Column("measure", "text", "what is measured; its unit is the end of the name"),
    Column("unit", "text", "mL, %, points of per cent, or HU"),
    Column("baseline_value", "number", "the measure in the earlier scan"),
    Column("followup_value", "number", "the measure in the later scan"),
    Column("value", "number", "follow-up minus baseline, or what the measure says of both scans together"),
    Column("low", "number", "lower end of the sensitivity interval of ``value``; no confidence interval"),
    Column("high", "number", "upper end of it"),
    Column(
        "verdict",
        "text",
        "of the region's opacity: decreased, increased, unchanged, indeterminate, not_interpretable; ``failed`` where "
        "there is no result",
    ),
    Column("checks_that_stop", "text", "failed checks that leave no verdict for the region, parted by blanks"),
    Column("checks_that_widen", "text", "failed checks that widen its intervals"),
    Column("checks_that_tell", "text", "failed checks that change no number"),
    *ORIGIN,
)
"""Of ``measures.csv``, one row for each case, region and measure; the covariates of the manifest follow."""

CASE_COLUMNS: tuple[Column, ...] = (
    *WHO,
    Column("status", "text", "done, failed, or missing where it was not run yet"),
    Column("verdict", "text", "of both lungs"),
    Column("reason", "text", "why it failed, or why there is no verdict"),
    Column("seconds", "number", "how long it took"),
    Column("cpu_seconds", "number", "how long its worker computed, whatever else the machine did"),
    Column("peak_mib", "number", "the most memory that its worker held"),
    *ORIGIN,
)
"""Of ``cases.csv``, one row for each case."""

RESERVED = frozenset(column.name for column in (*MEASURE_COLUMNS, *CASE_COLUMNS))
"""Names that no covariate may have."""

UNITS: Mapping[str, str] = {"ml": "mL", "percent": "%", "pp": "points of per cent", "hu": "HU"}
"""The unit by the end of a measure's name."""

MEASURES: Mapping[str, str] = {
    "volume_ml": "volume of the region, vessels and opacity included",
    "mean_hu": "mean density of the region",
    "opacity_ml": "ground glass and consolidation",
    "opacity_percent": "the same as a share of the region",
    "opacity_pp": "its change in points of per cent of the region",
    "opacity_relative_percent": "its change relative to the baseline; not below 5 mL at baseline",
    "ground_glass_ml": "lung denser than the patient's own normal lung, with vessels still visible",
    "consolidation_ml": "opacity so dense that vessels cannot be seen in it",
    "dependent_opacity_ml": "density explained by gravity, in no sum",
    "collapse_ml": "lung without air that lost its volume, in no sum",
    "haa_percent": "share of the region between −600 and −250 HU",
    "fate_resolved_ml": "opacity of the baseline that is gone at follow-up",
    "fate_persistent_ml": "opacity of the baseline that is still there",
    "fate_worsened_ml": "opacity of the baseline that is denser at follow-up",
    "fate_improved_ml": "opacity of the baseline that is less dense at follow-up",
    "fate_new_ml": "opacity of the follow-up that was not there",
    "fate_persistent_followup_ml": "opacity of the follow-up that was there",
}
"""Each measure and what it is."""


def unit_of(measure: str) -> str:
    """The unit of a measure, by the end of its name."""
    return UNITS.get(measure.rpartition("_")[2], "")
