"""English, as a radiologist dictates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ctreview.anatomy.regions import DIVISIONS
from ctreview.change.residual import Residual, residual_places, residual_words
from ctreview.checks import Check
from ctreview.report import words
from ctreview.report.languages.phrases import CandidateTold, Marked, Protocol, RegionTold, ShownImage
from ctreview.report.methods import limitations, methods
from ctreview.volume.labels import Label

__all__ = ["English"]


VERDICTS = {
    "decreased": "decreased",
    "increased": "increased",
    "unchanged": "no change beyond measurement error",
    "indeterminate": "indeterminate",
    "not_interpretable": "not interpretable",
}

WHEN = {1: "at baseline", 2: "at follow-up"}


PARTS = {part: division.called(part) for division in DIVISIONS for part in division.parts}


class English:
    """See `Phrases`."""

    name: str = "English"
    headings: Mapping[str, str] = MappingProxyType(
        {
            "technique": "TECHNIQUE",
            "comparison": "COMPARISON",
            "findings": "FINDINGS",
            "impression": "IMPRESSION",
            "limitations": "LIMITATIONS",
        }
    )

    def draft(self) -> str:
        """That nobody has signed."""
        return "DRAFT, not signed."

    def signed(self, reader: str, when: str) -> str:
        """Who has signed, and when."""
        return f"Signed by {reader}, {when}."

    def research(self) -> str:
        """That this is no medical device."""
        return "Research use; not a medical device."

    def headline(self, found: words.Found) -> str:
        """The one sentence at the top of the page."""
        return words.headline(found)

    def part(self, key: str, english: str) -> str:  # noqa: ARG002 - other languages know parts by their key
        """A part of a place."""
        return english

    def reason(self, reason: str) -> str:
        """Why a dense area is not counted."""
        return reason

    def methods(self, document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
        """How the numbers came about."""
        return methods(document, provenance)

    def technique(self, baseline: Protocol, followup: Protocol, *, registered: bool) -> str:
        """How the scans were made and read."""
        if baseline == followup:
            scans = f"Both scans: {_protocol(baseline)}."
        else:
            scans = f"Baseline: {_protocol(baseline)}. Follow-up: {_protocol(followup)}."
        joined = "; after registration, what both show alike is called the same in both" if registered else ""
        return (
            f"Chest CT at two timepoints. {scans} Lungs, ground glass and consolidation were segmented with computer "
            "assistance, without vessels, airway walls and dependent opacity. Volumes are measured on each scan's own "
            f"grid{joined}."
        )

    def comparison(self, days: int | None) -> str:
        """What the follow-up is compared with."""
        if days is None:
            return "Earlier CT; the time between the two scans is not known."
        if days == 0:
            return "Another CT of the same day."
        order = "earlier" if days > 0 else "later; the scans were given in the reverse order"
        return f"CT {abs(days)} day{'' if abs(days) == 1 else 's'} {order}."

    def terms(self, level: float) -> str:
        """What opacity and the intervals are."""
        return (
            "Opacity is ground glass and consolidation together. In brackets behind a change stands its "
            f"{100 * level:.0f} % sensitivity interval, which is no confidence interval."
        )

    def not_interpretable(self) -> str:
        """Why there are no numbers."""
        return "The change of opacity cannot be interpreted, and no numbers are given as findings."

    def region(self, told: RegionTold) -> str:
        """What is found in one region."""
        name = _region(told.region)
        if told.empty:
            return f"{name}: no opacity above the threshold in either scan."
        return (
            f"{name}: opacity {_ml(told.before_ml)}{_share(told.before_percent)} at baseline, "
            f"{_ml(told.after_ml)}{_share(told.after_percent)} at follow-up; change {words.signed(told.change_ml)} mL "
            f"({words.span(told.low_ml, told.high_ml)} mL): {VERDICTS[told.verdict]}."
        )

    def fate(self, baseline_ml: float, fate_ml: Mapping[str, float] | None, classes: Sequence[Label]) -> str:
        """What became of the opacity."""
        if fate_ml is None:
            return "The scans could not be registered; what became of each part is not reported."
        return words.fate_sentence(baseline_ml, fate_ml, [label.called("en") for label in classes])

    def distribution(self, found: Residual) -> str:
        """Where opacity lies at follow-up."""
        return f"Distribution at follow-up: {residual_places(found)}."

    def residual(self, found: Residual) -> str:
        """How much is left, and where."""
        return residual_words(found)

    def key_image(self, image: ShownImage) -> str:
        """What stands under an image that a reader kept."""
        when = {1: "Baseline", 2: "Follow-up"}.get(image.timepoint, f"Timepoint {image.timepoint}")
        slab = f"{image.slab} {image.slab_mm:g} mm" if image.slab else ""
        shown = (when, image.plane, image.contrast, slab, words.window(image.window_level, image.window_width))
        return ": ".join(part for part in (", ".join(one for one in shown if one), image.caption) if part)

    def marked(self, one: Marked) -> str:
        """A finding that a reader marked."""
        kind = "" if one.type == "free text" else one.type.capitalize()
        where = f"in the {_place(one.region)}" if one.region else ""
        size = [words.number(mm, decimals=0) for mm in (one.long_mm, one.short_mm) if mm is not None]
        head = " ".join(word for word in (kind or "Remark", where, WHEN.get(one.timepoint, "")) if word)
        said = f"{head}: {' × '.join(size)} mm" if size else head
        if one.state == "not_seen":
            said = f"{head}: {'no longer seen' if one.timepoint > 1 else 'not seen yet'}"
        return f"{said}. {one.text.strip()}" if one.text.strip() else f"{said}."

    def to_confirm(self, candidates: Sequence[CandidateTold]) -> str:
        """How many dense areas are to be confirmed."""
        said = words.to_confirm(
            {when: [one.ml for one in candidates if one.timepoint == number] for number, when in WHEN.items()}
        )
        return f"{said} They are in no number, interval or verdict until a reader accepts them."

    def candidate(self, told: CandidateTold) -> str:
        """One of them."""
        place = f"beside the {_place(told.region)}"
        return f"{_ml(told.ml)} {WHEN[told.timepoint]}, {place}, may be {told.proposed}: {told.reason}."

    def impression(self, told: RegionTold, days: int | None) -> str:
        """The verdict of the whole organ."""
        when = words.interval_words(days)
        if told.verdict == "not_interpretable":
            return f"The change of opacity {when} cannot be interpreted."
        interval = f"{100 * told.level:.0f} % sensitivity interval of the change {_span(told)}"
        if told.verdict == "indeterminate":
            return (
                f"A change of {_subject(told)} {when} is neither shown nor ruled out (change "
                f"{words.signed(told.change_ml)} mL; {interval})."
            )
        if told.empty:
            return f"No opacity above the threshold, and no change of it {when}."
        if told.verdict == "unchanged":
            return (
                f"No change of {_subject(told)} beyond measurement error {when} "
                f"(change {words.signed(told.change_ml)} mL; {interval})."
            )
        has = "have" if len(told.classes) > 1 else "has"
        subject = _subject(told)
        change = f"{has} {told.verdict} by {_ml(abs(told.change_ml))} {when} ({interval})."
        return f"{subject[:1].upper()}{subject[1:]} of both lungs {change}"

    def new(self, ml: float) -> str:
        """That something is new."""
        return f"{_ml(ml)} at follow-up lie where there was none before (no interval)."

    def check(self, check: Check) -> str:
        """A check that failed."""
        return check.message

    def limitations(self, regions: Sequence[str]) -> Sequence[str]:
        """What always has to be kept in mind."""
        return limitations({"regions": [{"region": name} for name in regions]})


def _protocol(one: Protocol) -> str:
    parts = [
        None if one.kvp is None else f"{one.kvp:g} kV",
        None if one.kernel is None else f"kernel {one.kernel}",
        None if one.slice_thickness_mm is None else f"slices of {one.slice_thickness_mm:g} mm",
        None if one.contrast is None else f"{'with' if one.contrast else 'without'} contrast agent",
        one.posture,
    ]
    return ", ".join(part for part in parts if part) or "protocol not known"


def _subject(told: RegionTold) -> str:
    return words.listed([label.as_subject("en") for label in told.classes]) or "opacity"


def _region(key: str) -> str:
    if key == "lungs":
        return "Both lungs"
    name = words.region_name(key)
    return name[:1].upper() + name[1:]


def _place(key: str) -> str:
    """``"middle third of the right lung"``."""
    organ, _, part = key.partition("/")
    whole = words.region_name(organ)
    return f"{PARTS.get(part, part)} of the {whole}" if part else whole


def _ml(value: float) -> str:
    return f"{words.number(value)} mL"


def _share(percent: float | None) -> str:
    return "" if percent is None else f" ({words.number(percent, decimals=1)} %)"


def _span(told: RegionTold) -> str:
    return f"{words.span(told.low_ml, told.high_ml)} mL"
