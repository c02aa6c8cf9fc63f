"""Sentences made from numbers: the same words on the page, in the table and on the command line.

Images say "decreased"; how the patient is, is for the clinic to say. Near zero a change is told in millilitres, never
in per cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctreview.change.interval_settings import SOURCES
from ctreview.lung.visual_scores import TRACE_ML

__all__ = [
    "MINUS",
    "OTHER_READING",
    "Found",
    "engine_words",
    "fate_sentence",
    "headline",
    "interval_words",
    "listed",
    "number",
    "region_name",
    "signed",
    "span",
    "to_confirm",
    "varied",
    "verdict_word",
    "window",
]

MINUS = "−"

OTHER_READING = "another way to read the numbers: what is not counted and may be disease, or another depth of breath"
"""What an interval rests on beside the sources that are drawn at random."""

VERDICTS = {
    "decreased": "decreased",
    "increased": "increased",
    "unchanged": "no change beyond measurement error",
    "indeterminate": "indeterminate",
    "not_interpretable": "not interpretable",
}


@dataclass(frozen=True)
class Found:
    """What decides the first sentence: opacity of both lungs together and how it changed."""

    verdict: str
    baseline_ml: float
    followup_ml: float
    change_ml: float
    low_ml: float
    high_ml: float
    days: int | None


def number(value: float, *, decimals: int | None = None) -> str:
    """A number for reading: one decimal below 10, none above; a true minus sign; nothing is "0", never "−0.0"."""
    places = decimals if decimals is not None else (1 if abs(value) < 9.95 else 0)
    text = f"{abs(value):.{places}f}"
    if float(text) == 0:
        return "0"
    return (MINUS if value < 0 else "") + text


def signed(value: float, *, decimals: int | None = None) -> str:
    """A change for reading: like `number`, with a plus sign where it rose."""
    text = number(value, decimals=decimals)
    return text if text == "0" or text.startswith(MINUS) else f"+{text}"


def span(low: float, high: float, *, decimals: int | None = None) -> str:
    """An interval for reading: ``"−201 to −171"``, both ends with equally many decimals."""
    places = decimals if decimals is not None else 1 if max(abs(low), abs(high)) < 9.95 else 0
    return f"{signed(low, decimals=places)} to {signed(high, decimals=places)}"


def interval_words(days: int | None) -> str:
    """How far apart two scans are: ``"over 62 days"``."""
    if days is None:
        return "over an unknown time"
    if days == 0:
        return "between two scans of one day"
    return f"over {abs(days)} day" + ("" if abs(days) == 1 else "s")


def verdict_word(verdict: str) -> str:
    """A verdict in words."""
    return VERDICTS[verdict]


def headline(found: Found) -> str:
    """The one sentence at the top; it never says more than the verdict."""
    when = interval_words(found.days)
    if found.verdict == "not_interpretable":
        return f"The change {when} cannot be interpreted."
    if found.verdict == "unchanged":
        return f"No change of opacity beyond measurement error {when}."
    if found.verdict == "indeterminate":
        return f"A change of opacity {when} is neither shown nor ruled out."
    return f"Opacity {found.verdict} by {number(abs(found.change_ml))} mL {when}."


def region_name(key: str) -> str:
    """A region in words: ``"right upper lobe, basal"``."""
    return key.replace("_", " ").replace("/", ", ")


def fate_sentence(baseline_ml: float, fate_ml: Mapping[str, float], classes: Sequence[str]) -> str:
    """What became of the opacity, in the words that a reader has not yet confirmed.

    ``classes`` are the names of those that are counted, the least severe first.
    """
    gone, new = fate_ml["resolved"], fate_ml["new"]
    if baseline_ml < TRACE_ML:
        return f"There was no measurable opacity at baseline; {number(new)} mL are new."
    sentence = f"Of the {number(baseline_ml)} mL at baseline, {number(gone)} mL are below the threshold at follow-up"
    still = [
        f"{number(fate_ml[key])} mL {words}"
        for key, words in (
            ("persistent", "persist"),
            ("worsened", f"went from {classes[0]} to {classes[-1]}"),
            ("improved", f"went from {classes[-1]} to {classes[0]}"),
        )
        if fate_ml[key] >= TRACE_ML
    ]
    sentence += f" and {listed(still)}" if still else ""
    return f"{sentence}; {number(new)} mL are new."


def window(level: float, width: float) -> str:
    """A window of grey values: ``"W 1500 L −600"``."""
    return f"W {width:.4g} L {level:.4g}".replace("-", MINUS)


def to_confirm(open_ml: Mapping[str, Sequence[float]]) -> str:
    """How many dense areas a reader is asked about, and how much they hold; empty where there are none.

    Parameters
    ----------
    open_ml : mapping of str to sequence of float
        Millilitres of each, by the scan: ``"at baseline"``. Never one sum of two scans: both may show one area.
    """
    said = [f"{len(ml)} {when}, {number(sum(ml))} mL" for when, ml in open_ml.items() if ml]
    return f"Dense areas to confirm: {'; '.join(said)}." if said else ""


def listed(words: Sequence[str]) -> str:
    """``"a, b and c"``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def engine_words(engine: Mapping[str, Any], licence: str = "licence") -> str:
    """An engine of a third party with its version, weights and licence; ``licence`` is the word for that."""
    version = f" {engine['version']}" if engine["version"] else ""
    weights = (f"{name}, SHA-256 {digest}" for name, digest in engine["weights_sha256"].items())
    return f"{engine['name']}{version} ({'; '.join([*weights, f'{licence}: ' + engine['licence']])})"


def varied(source: str) -> str:
    """What is varied under the name of a source of an interval."""
    return SOURCES[source].words if source in SOURCES else OTHER_READING
