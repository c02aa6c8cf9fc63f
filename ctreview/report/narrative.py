"""A report in words that can be copied: made from the numbers, and never saying more than the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ctreview.change.candidates import open_candidates
from ctreview.change.comparison import Comparison, RegionChange
from ctreview.change.residual import Residual, find_residual
from ctreview.change.timepoint import Timepoint
from ctreview.dicom.comparability import posture_in_words
from ctreview.errors import WrongUse
from ctreview.lung.visual_scores import TRACE_ML
from ctreview.report.languages import LANGUAGES, CandidateTold, Marked, Phrases, Protocol, RegionTold
from ctreview.report.languages.phrases import HEADINGS

__all__ = ["NEW_WORTH_SAYING_ML", "candidates_told", "narrate", "reasons_told"]

NEW_WORTH_SAYING_ML = 1.0
"""Less that is new does not reach the impression: no change below this is called one."""


def narrate(
    comparison: Comparison,
    language: str = "en",
    *,
    signed: Mapping[str, Any] | None = None,
    findings: Sequence[Marked] = (),
) -> str:
    """Write a report.

    Parameters
    ----------
    comparison : Comparison
    language : {"en", "de"}
    signed : mapping, optional
        What `Reading.signature` gives; without it the report says that it is a draft.
    findings : sequence of Finding
        What the reader marked.

    Returns
    -------
    str
        Plain text: technique, comparison, findings per region, impression, limitations. Where the verdict is
        ``not_interpretable``, it holds no number as a finding. No identity of the patient and no date of a scan.

    Raises
    ------
    WrongUse
        There are no words for that language.
    """
    if language not in LANGUAGES:
        raise WrongUse(f"there are no words for {language!r}", remedy=f"Known: {', '.join(LANGUAGES)}.")
    say = LANGUAGES[language]
    parts = {
        "technique": [_technique(comparison, say)],
        "comparison": [say.comparison(comparison.interval_days)],
        "findings": [
            *_findings(comparison, say),
            *_to_confirm(comparison, say),
            *(say.marked(one) for one in findings),
        ],
        "impression": _impression(comparison, say),
        "limitations": [f"- {line}" for line in _limitations(comparison, say)],
    }
    head = say.draft() if signed is None else say.signed(str(signed["reader"]), _when(str(signed["time"])))
    blocks = ["\n".join((say.headings[key], *parts[key])) for key in HEADINGS]
    return "\n\n".join((f"{head} {say.research()}", *blocks)) + "\n"


def _technique(comparison: Comparison, say: Phrases) -> str:
    baseline, followup = (_protocol(point) for point in (comparison.baseline, comparison.followup))
    return say.technique(baseline, followup, registered=comparison.transform is not None)


def _protocol(point: Timepoint) -> Protocol:
    facts = point.facts
    return Protocol(
        kvp=facts.get("kvp"),
        kernel=facts.get("kernel"),
        slice_thickness_mm=facts.get("slice_thickness_mm"),
        contrast=facts.get("contrast"),
        posture=posture_in_words(facts.get("posture")),
    )


def _findings(comparison: Comparison, say: Phrases) -> list[str]:
    if comparison.verdict == "not_interpretable":
        return [" ".join((say.not_interpretable(), *reasons_told(comparison, say)))]
    whole = comparison.regions[0]
    told = [_told(region, comparison) for region in comparison.regions if "/" not in region.region]
    lines = [say.terms(told[0].level), *(say.region(one) for one in told)]
    if not told[0].empty:
        lines.append(say.fate(whole.baseline.opacity_ml, whole.fate_ml, comparison.baseline.opacity.scheme.counted))
        residual = _residual(comparison)
        lines += [] if residual.nothing else [say.distribution(residual)]
    return lines


def _to_confirm(comparison: Comparison, say: Phrases) -> list[str]:
    """The dense areas that a reader is asked about; without their millilitres where there are no numbers."""
    told = candidates_told(comparison)
    if not told or comparison.verdict == "not_interpretable":
        return []
    return [say.to_confirm(told), *(f"- {say.candidate(one)}" for one in told)]


def candidates_told(comparison: Comparison) -> list[CandidateTold]:
    """The dense areas of both scans that nobody has accepted or dismissed."""
    return [
        CandidateTold(number, one.piece.region, one.piece.ml, one.piece.proposed, one.piece.reason)
        for number, point in enumerate((comparison.baseline, comparison.followup), start=1)
        for one in open_candidates(point.candidates)
    ]


def _impression(comparison: Comparison, say: Phrases) -> list[str]:
    whole = comparison.regions[0]
    told = _told(whole, comparison)
    lines = [say.impression(told, comparison.interval_days)]
    if whole.verdict == "not_interpretable":
        return [*lines, *reasons_told(comparison, say)]
    if candidates := candidates_told(comparison):
        lines.append(say.to_confirm(candidates))
    if told.empty:
        return lines
    if whole.verdict == "decreased":
        lines.append(say.residual(_residual(comparison)))
    if whole.fate_ml is not None and whole.fate_ml["new"] >= NEW_WORTH_SAYING_ML:
        lines.append(say.new(whole.fate_ml["new"]))
    return lines


def reasons_told(comparison: Comparison, say: Phrases) -> list[str]:
    """What the checks say that leave no verdict."""
    return list(dict.fromkeys(say.check(check) for check in comparison.checks if check.stops))


def _residual(comparison: Comparison) -> Residual:
    measures = {region.region: region.followup for region in comparison.regions}
    return find_residual(measures, comparison.followup.regions)


def _limitations(comparison: Comparison, say: Phrases) -> list[str]:
    failed = [say.check(check) for check in comparison.checks if not check.ok]
    return list(dict.fromkeys((*failed, *say.limitations([region.region for region in comparison.regions]))))


def _told(found: RegionChange, comparison: Comparison) -> RegionTold:
    opacity = found.change["opacity_ml"]
    assert opacity is not None
    both = (found.baseline, found.followup)
    counted = comparison.baseline.opacity.scheme.counted
    return RegionTold(
        region=found.region,
        verdict=found.verdict,
        before_ml=found.baseline.opacity_ml,
        after_ml=found.followup.opacity_ml,
        before_percent=found.baseline.opacity_percent,
        after_percent=found.followup.opacity_percent,
        change_ml=opacity.value,
        low_ml=opacity.low,
        high_ml=opacity.high,
        level=opacity.level,
        classes=tuple(label for label in counted if max(one.classes_ml[label.key] for one in both) >= TRACE_ML),
    )


def _when(time: str) -> str:
    """The time of a signature, to the minute, with its zone."""
    return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M %Z").strip()
