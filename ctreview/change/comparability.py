"""Whether two scans may be compared at all: the checks that stand before a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ctreview.checks import Check

__all__ = ["check_coverage", "check_growth", "check_order", "check_parts", "check_references", "failed_first"]

AIR_LIMIT_HU = 20.0
"""Air should read −1000 HU everywhere; in the trachea scatter, partial volume and the kernel lift it by 10–30 HU, alike
in both scans of one patient. More than this between two scans is a matter of the scanner."""

BLOOD_LIMIT_HU = 50.0
"""Unenhanced blood lies at 30–50 HU; with a contrast agent above 100. Between two unenhanced scans anaemia and noise
leave far less than this."""

GROWTH_LIMIT_PERCENT = 10.0
"""The same share that depth of breath may make before it is warned of."""

ADULT_YEARS = 18.0

LUNG_GROWTH_PERCENT_PER_YEAR = 10.0
"""A round figure: total lung capacity rises from about 1 L at 4 years to 5–6 L at 18, which is 12 % a year at first
and less later. Used only to say when growth can no longer be ignored, never to correct a number."""


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


def check_growth(age_years: float | None, interval_days: int | None) -> Check | None:
    """Whether a child grew so much in between that the volumes of its lungs differ by that alone.

    Returns
    -------
    Check or None
        None for adults, and where age or interval is unknown.
    """
    if age_years is None or interval_days is None or age_years >= ADULT_YEARS:
        return None
    years = min(abs(interval_days) / 365.25, ADULT_YEARS - age_years)
    percent = 100.0 * ((1 + LUNG_GROWTH_PERCENT_PER_YEAR / 100.0) ** years - 1)
    ok = percent <= GROWTH_LIMIT_PERCENT
    return Check(
        name="growth",
        value=round(percent, 1),
        limit=GROWTH_LIMIT_PERCENT,
        ok=ok,
        message=f"The lungs of a child of {age_years:.0f} years grow by about {percent:.0f} % in that time"
        + (
            ", which is small beside depth of breath."
            if ok
            else "; read the shares of lung volume rather than millilitres."
        ),
    )


def check_parts(baseline: Collection[str], followup: Collection[str]) -> Check:
    """Whether both scans hold the same parts of the organ, such as both lungs; parts of parts are not named."""
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
    """Compare the HU of tissues that do not change, such as air in the trachea and blood in the aorta.

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
    return tuple(sorted(checks, key=lambda check: (check.ok, not check.stops)))
