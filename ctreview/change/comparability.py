"""Whether two scans may be compared at all: the checks that stand before a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ctreview.checks import Check, Effect

__all__ = [
    "OPACITY_UNSEEN_PERCENT",
    "ORGAN_UNSEEN_PERCENT",
    "ReferenceLimits",
    "check_coverage",
    "check_field_of_view",
    "check_order",
    "check_parts",
    "check_references",
    "failed_first",
]

ORGAN_UNSEEN_PERCENT = 2.0
"""Share of a part of the organ that the other scan may miss: a slice or two where a registration is off by as much."""

OPACITY_UNSEEN_PERCENT, OPACITY_UNSEEN_ML = 2.0, 1.0
"""Opacity that the other scan may miss: within the repeatability of a verdict."""


@dataclass(frozen=True)
class ReferenceLimits:
    """How far the HU of a tissue that does not change may be apart.

    Attributes
    ----------
    widens_hu : float
        From here on the intervals grow wider.
    stops_hu : float
        From here on there is no verdict.
    """

    widens_hu: float
    stops_hu: float


def check_order(interval_days: int | None) -> Check:
    """Whether the follow-up was acquired after the baseline. Nothing is ever reordered."""
    if interval_days is None:
        message = (
            "The date of a scan is unknown: which of the two came first is taken from the order they were given in."
        )
    elif interval_days < 0:
        message = (
            f"The follow-up was acquired {-interval_days} days before the baseline: give the two scans the other way "
            "round."
        )
    elif interval_days == 0:
        message = "Both scans were acquired on one day."
    else:
        message = f"The follow-up was acquired {interval_days} days after the baseline."
    return Check(
        name="order_of_scans",
        value=interval_days,
        limit=0,
        ok=interval_days is None or interval_days >= 0,
        message=message,
        effect="stops",
    )


def check_parts(baseline: Collection[str], followup: Collection[str]) -> Check:
    """Whether both scans hold the same parts of the organ, such as both sides; parts of parts are not named."""
    alone = [name for name in (*baseline, *followup) if "/" not in name and (name in baseline) != (name in followup)]
    words = " and ".join(name.replace("_", " ") for name in alone)
    return Check(
        name="same_parts",
        value=words or "same",
        limit="same",
        ok=not alone,
        message=f"Only one of the two scans holds the {words}: the whole cannot be compared."
        if alone
        else "Both scans hold the same parts.",
        effect="stops",
        regions=tuple(alone),
    )


def check_references(
    baseline: Mapping[str, float], followup: Mapping[str, float], limits: Mapping[str, ReferenceLimits]
) -> dict[str, Check]:
    """Compare the HU of tissues that do not change, such as air and blood.

    Parameters
    ----------
    baseline, followup : mapping of str to float
        Mean HU by the tissue's name; one that is missing in either scan is not compared.
    limits : mapping of str to ReferenceLimits
        By the tissue's name.

    Returns
    -------
    dict of str to Check
        By the tissue's name, such as ``hu_of_air_in_the_trachea``, with the difference as its value.
    """
    checks = {}
    for name, limit in limits.items():
        if name not in baseline or name not in followup:
            continue
        apart = followup[name] - baseline[name]
        ok, stops = abs(apart) <= limit.widens_hu, abs(apart) > limit.stops_hu
        effect: Effect = "stops" if stops else "widens"
        reached = limit.stops_hu if stops else limit.widens_hu
        checks[name] = Check(
            name=f"hu_of_{name.replace(' ', '_')}",
            value=round(apart, 1),
            limit=reached,
            ok=ok,
            effect=effect,
            message=f"{name.capitalize()} measures {baseline[name]:.0f} and {followup[name]:.0f} HU"
            + (
                "."
                if ok
                else f", more than {reached:.0f} HU apart: density may differ for another reason than disease."
            ),
        )
    return checks


def check_coverage(unseen_ml: float | None, opacity_ml: float) -> Check:
    """Whether the opacity of each scan lies inside the field of view of the other; None where that is not known."""
    name, limit = "opacity_in_field_of_view", OPACITY_UNSEEN_PERCENT
    if unseen_ml is None:
        message = f"Whether the other scan shows all of the opacity {_UNKNOWN}."
        return Check(name, None, limit, ok=False, message=message)
    share = 100.0 * unseen_ml / opacity_ml if opacity_ml > 0 else 0.0
    ok = share <= OPACITY_UNSEEN_PERCENT or unseen_ml <= OPACITY_UNSEEN_ML
    return Check(
        name,
        value=round(share, 1),
        limit=limit,
        ok=ok,
        message=f"{share:.0f} % of the opacity lies outside the other scan's field of view"
        + ("." if ok else ": whether it changed is unknown."),
        effect="stops",
    )


_UNKNOWN = "is not known, for the scans could not be registered"


def check_field_of_view(unseen_percent: Mapping[str, float | None]) -> tuple[Check, ...]:
    """Whether each part of the organ lies inside the field of view of both scans.

    Parameters
    ----------
    unseen_percent : mapping of str to float or None
        By region: the share of it that the other scan does not show, the larger of both scans; None where that is not
        known.
    """
    found = []
    for name, percent in unseen_percent.items():
        words, ok = name.replace("_", " "), percent is not None and percent <= ORGAN_UNSEEN_PERCENT
        message = f"Both scans show the same part of the {words}."
        if percent is None:
            message = f"Whether both scans show the same part of the {words} {_UNKNOWN}."
        elif not ok:
            message = f"{percent:.0f} % of the {words} lie outside the field of view of one of the two scans."
        found.append(
            Check(
                name="common_field_of_view",
                value=None if percent is None else round(percent, 1),
                limit=ORGAN_UNSEEN_PERCENT,
                ok=ok,
                message=message,
                effect="tells" if percent is None else "stops",
                regions=(name,),
            )
        )
    return tuple(found)


def failed_first(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The same checks: those that forbid a verdict, other failed ones, then the rest, each in the given order."""
    return tuple(sorted(checks, key=lambda check: (check.ok, not check.stops)))
