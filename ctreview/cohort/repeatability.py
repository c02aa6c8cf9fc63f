"""How much a measure varies between two scans between which nothing changed, and the limit that follows from it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from ctreview.change import VerdictSettings
from ctreview.change.agreement import bland_altman, intraclass_correlation
from ctreview.cohort.columns import unit_of
from ctreview.cohort.folder import CohortFolder
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.version import __version__
from ctreview.volume.atomic import atomic_path

__all__ = [
    "LEAST_PAIRS",
    "REPEATABILITY_SCHEMA",
    "Repeatability",
    "RepeatabilityStudy",
    "load_limit_of_change",
    "measure_repeatability",
    "repeatability_of_pairs",
    "write_repeatability",
]

REPEATABILITY_SCHEMA = "ctreview.repeatability/1"
"""Name and version of the shape of ``repeatability.json``."""

LEAST_PAIRS = 10
"""Fewer pairs give no limit of change: the coefficient's own interval then reaches from 0.7 to 1.8 of it and beyond."""

RECOMMENDED_PAIRS = 35
"""Subjects that QIBA asks of a test–retest study."""

PROPORTIONAL_P = 0.05
"""Level of the rank correlation between a pair's mean and its difference above which the error is taken as constant."""

MEASURES = ("opacity_ml", "ground_glass_ml", "consolidation_ml", "volume_ml")


@dataclass(frozen=True)
class Repeatability:
    """Agreement of test and retest of one measure in one region.

    Attributes
    ----------
    region, measure, unit : str
    pairs : int
    bias, low, high : float
        Mean of retest − test and its limits of agreement.
    wsd : float
        Within-subject standard deviation: √(Σ d² / 2n), so that a bias counts as error.
    rc, rc_low, rc_high : float
        Repeatability coefficient 1.96 · √2 · wSD, and its 95 % confidence interval (χ² with n degrees of freedom).
    icc : float or None
        `intraclass_correlation`; None where nothing varies.
    icc_form : str
    proportional : bool
        Whether differences grow with the mean (Kendall's τ of mean and absolute difference, one-sided).
    log_pairs : int
        Pairs with both values above 0; only those can be put on a log scale.
    rc_factor : float or None
        On the log scale: the factor by which two values differ in 95 % of repeated scans at most; None below two
        such pairs.
    """

    region: str
    measure: str
    unit: str
    pairs: int
    bias: float
    low: float
    high: float
    wsd: float
    rc: float
    rc_low: float
    rc_high: float
    icc: float | None
    icc_form: str
    proportional: bool
    log_pairs: int
    rc_factor: float | None

    @property
    def limit_of_change(self) -> VerdictSettings | None:
        """How large a change must be before it is called one: this coefficient in place of the standard limits.

        Where the error is proportional, a share of the larger volume, never below the standard least; else a number
        of millilitres. None where there are too few pairs, or those that count on a log scale are.
        """
        standard = VerdictSettings()
        if self.unit != "mL" or self.pairs < LEAST_PAIRS:
            return None
        if not self.proportional:
            return replace(standard, share_of_region=0.0, share_of_opacity=0.0, least_ml=self.rc)
        if self.rc_factor is None or self.log_pairs < LEAST_PAIRS:
            return None
        return replace(standard, share_of_region=0.0, share_of_opacity=1.0 - 1.0 / self.rc_factor)


@dataclass(frozen=True)
class RepeatabilityStudy:
    """Test and retest of a cohort.

    Attributes
    ----------
    rows : tuple of Repeatability
        The lungs first.
    left_out : mapping of str to str
        Cases that do not count, and why: those that failed, and those that are not interpretable.
    """

    rows: tuple[Repeatability, ...]
    left_out: Mapping[str, str]

    @property
    def limit_of_change(self) -> VerdictSettings | None:
        """That of the opacity of both lungs."""
        wanted = (one for one in self.rows if (one.region, one.measure) == ("lungs", "opacity_ml"))
        found = next(wanted, None)
        return None if found is None else found.limit_of_change

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures has to know, a sentence each."""
        pairs = max((one.pairs for one in self.rows), default=0)
        said = [
            f"{pairs} pairs; {RECOMMENDED_PAIRS} are recommended for a repeatability coefficient."
            for _ in range(pairs < RECOMMENDED_PAIRS)
        ]
        if self.limit_of_change is None:
            said.append(f"No limit of change follows from fewer than {LEAST_PAIRS} pairs.")
        if self.left_out:
            said.append(f"{len(self.left_out)} cases were left out; if they are worse than the rest, so is the truth.")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``repeatability.json``."""
        limit = self.limit_of_change
        return {
            "schema": REPEATABILITY_SCHEMA,
            "version": __version__,
            "rows": [vars(one) for one in self.rows],
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
            "limit_of_change": None if limit is None else vars(limit),
        }


def repeatability_of_pairs(
    test: npt.ArrayLike, retest: npt.ArrayLike, *, region: str = "lungs", measure: str = "opacity_ml"
) -> Repeatability:
    """Agreement of paired values of one measure.

    Bland and Altman, Lancet 1986, doi 10.1016/S0140-6736(86)90837-8, and BMJ 1996, doi 10.1136/bmj.313.7049.106 (the
    log scale); Raunig et al., Stat Methods Med Res 2015, doi 10.1177/0962280214537344.

    Raises
    ------
    WrongUse
        Fewer than two pairs.
    """
    agreement = bland_altman(test, retest)
    one, other = np.asarray(test, dtype=np.float64), np.asarray(retest, dtype=np.float64)
    n = agreement.pairs
    wsd = math.sqrt(float(((other - one) ** 2).sum()) / (2 * n))
    rc = 1.96 * math.sqrt(2.0) * wsd
    lower, upper = (math.sqrt(n / float(stats.chi2.ppf(p, n))) for p in (0.975, 0.025))
    positive = (one > 0) & (other > 0)
    return Repeatability(
        region=region,
        measure=measure,
        unit=unit_of(measure),
        pairs=n,
        bias=agreement.bias,
        low=agreement.low,
        high=agreement.high,
        wsd=wsd,
        rc=rc,
        rc_low=rc * lower,
        rc_high=rc * upper,
        icc=intraclass_correlation(one, other),
        icc_form="ICC(2,1): two-way random effects, absolute agreement, single scan",
        proportional=_proportional(one, other),
        log_pairs=int(positive.sum()),
        rc_factor=_factor(one[positive], other[positive]),
    )


def _proportional(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
    """Whether differences grow with the mean."""
    apart, mean = np.abs(other - one), (one + other) / 2
    if len(apart) < 3 or np.ptp(apart) == 0 or np.ptp(mean) == 0:
        return False
    return bool(stats.kendalltau(mean, apart, alternative="greater").pvalue < PROPORTIONAL_P)


def _factor(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float | None:
    if len(one) < 2:
        return None
    apart = np.log(other / one)
    return math.exp(1.96 * math.sqrt(2.0) * math.sqrt(float((apart**2).sum()) / (2 * len(apart))))


def measure_repeatability(folder: Path | str, *, measures: Iterable[str] = MEASURES) -> RepeatabilityStudy:
    """Agreement of each scan with the one before, in a cohort of scans between which nothing changed.

    Parameters
    ----------
    folder : path
        Results of `ctreview.cohort.run` on test and retest scans.
    measures : iterable of str

    Raises
    ------
    UnreadableFile
        There is no cohort in the folder.
    WrongUse
        Fewer than two pairs have a result.
    """
    _, found = CohortFolder(folder).results()
    pairs = [one for one in found if one.case.against_previous]
    left_out = {
        one.case.name: one.reason or "it was not run" if one.change is None else "it is not interpretable"
        for one in pairs
        if one.change is None or one.change["regions"][0]["verdict"] == "not_interpretable"
    }
    changes = [one.change for one in pairs if one.change is not None and one.case.name not in left_out]
    if len(changes) < 2:
        raise WrongUse(
            f"{len(changes)} pairs have a result", where=folder, remedy="Give test and retest of more patients."
        )
    rows = [
        repeatability_of_pairs(*_values(changes, region, measure), region=region, measure=measure)
        for region in (one["region"] for one in changes[0]["regions"])
        for measure in measures
        if all(any(one["region"] == region for one in change["regions"]) for change in changes)
    ]
    return RepeatabilityStudy(tuple(rows), left_out)


def _values(changes: Iterable[Mapping[str, Any]], region: str, measure: str) -> tuple[list[float], list[float]]:
    found = [next(one for one in change["regions"] if one["region"] == region) for change in changes]
    test, retest = ([_value(one[when], measure) for one in found] for when in ("baseline", "followup"))
    return test, retest


def _value(measures: Mapping[str, Any], measure: str) -> float:
    name, _, unit = measure.rpartition("_")
    held = measures[measure] if measure in measures else measures[f"classes_{unit}"][name]
    return float(held)


def write_repeatability(study: RepeatabilityStudy, path: Path) -> None:
    """Write ``repeatability.json``."""
    from ctreview.report.document import plain, write_json  # noqa: PLC0415

    with atomic_path(path) as draft:
        write_json(plain(study.to_dict()), draft)


def load_limit_of_change(path: Path | str) -> VerdictSettings:
    """Read a site's own limit of change, from the ``repeatability.json`` of its test–retest study.

    Raises
    ------
    UnreadableFile
        It is no such file, or no limit follows from so few pairs.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("schema") != REPEATABILITY_SCHEMA:
            raise ValueError
        limit = found["limit_of_change"]
        if limit is not None:
            return VerdictSettings(**limit)
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnreadableFile(
            "this is no repeatability.json of ctreview", where=path, remedy="Give the file that ctreview repeat wrote."
        ) from error
    raise UnreadableFile("no limit of change follows from so few pairs", where=path, remedy=" ".join(found["notes"]))
