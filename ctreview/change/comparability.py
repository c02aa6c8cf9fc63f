"""Whether two scans may be compared at all: the checks that stand before a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ctreview.checks import Check

__all__ = ["check_coverage", "check_order", "check_parts", "check_references", "failed_first"]


def check_order(interval_days: int | None) -> Check:
    """Whether the follow-up was acquired after the baseline. Nothing is ever reordered."""
    if interval_days is None:
        message = (
            "The date of a scan is unknown: which of the two came first is taken from the order they were given in."
        )
    elif interval_days < 0:
        message = (
            f"The follow-up was acquired {-interval_days} days before the baseline: signs of change read backwards."
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
    baseline: Mapping[str, float], followup: Mapping[str, float], limits: Mapping[str, float]
) -> tuple[Check, ...]:
    """Compare the HU of tissues that do not change, such as air and blood.

    Parameters
    ----------
    baseline, followup : mapping of str to float
        Mean HU by the tissue's name; one that is missing in either scan is not compared.
    limits : mapping of str to float
        Largest accepted difference, by the tissue's name.
    """
    checks = []
    for name, limit in limits.items():
        if name not in baseline or name not in followup:
            continue
        apart = followup[name] - baseline[name]
        ok = abs(apart) <= limit
        checks.append(
            Check(
                name=f"hu_of_{name.replace(' ', '_')}",
                value=round(apart, 1),
                limit=limit,
                ok=ok,
                message=f"{name.capitalize()} measures {baseline[name]:.0f} and {followup[name]:.0f} HU"
                + (
                    "."
                    if ok
                    else f", more than {limit:.0f} HU apart: density may differ for another reason than disease."
                ),
            )
        )
    return tuple(checks)


def check_coverage(unseen_ml: float, opacity_ml: float) -> Check:
    """Whether the opacity of each scan lies inside the field of view of the other."""
    share = 100.0 * unseen_ml / opacity_ml if opacity_ml > 0 else 0.0
    ok = share <= 2.0
    return Check(
        name="common_field_of_view",
        value=round(share, 1),
        limit=2.0,
        ok=ok,
        message=f"{share:.0f} % of the opacity lies outside the other scan's field of view"
        + ("." if ok else ": what became of it is unknown, and it is counted as persistent."),
    )


def failed_first(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The same checks: those that forbid a verdict, other failed ones, then the rest, each in the given order."""
    return tuple(sorted(checks, key=lambda check: (check.ok, check.effect != "stops")))
