"""What the page says in a language: labels by a catalogue, numbers as the language writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ctreview.report import words
from ctreview.report.languages.german_page import FACTS_IN_GERMAN, IN_GERMAN
from ctreview.report.languages.german_places import ADJECTIVES, ORGANS
from ctreview.report.languages.phrases import Phrases

__all__ = ["Wording"]

POSITIONS = MappingProxyType(
    {
        "HFS": "supine, head first (HFS)",
        "FFS": "supine, feet first (FFS)",
        "HFP": "prone, head first (HFP)",
        "FFP": "prone, feet first (FFP)",
    }
)
"""Positions of a patient as DICOM codes them."""

CATALOGUES: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": POSITIONS, "de": IN_GERMAN})
"""What each language says for an English text of the page."""

FACTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType({}), "de": FACTS_IN_GERMAN})
"""What each language calls a fact, by the words of `ctreview.report.rows.key_in_words`."""


@dataclass(frozen=True)
class Wording:
    """A language of the page.

    Attributes
    ----------
    code : str
        Its ISO 639-1 code.
    phrases : Phrases
        Its sentences.
    """

    code: str
    phrases: Phrases

    def text(self, english: str, **values: object) -> str:
        """A text of the page; what the catalogue lacks stays English.

        Parameters
        ----------
        english : str
            With ``%(name)s`` where a value belongs.
        **values
            Those values.
        """
        said = CATALOGUES[self.code].get(english, english)
        return said % values if values else said

    def number(self, value: float, decimals: int | None = None) -> str:
        """`words.number` as the language writes it."""
        return self._written(words.number(value, decimals=decimals))

    def signed(self, value: float, decimals: int | None = None) -> str:
        """`words.signed` as the language writes it."""
        return self._written(words.signed(value, decimals=decimals))

    def span(self, low: float, high: float, decimals: int | None = None) -> str:
        """`words.span` as the language writes it."""
        first, last = words.span(low, high, decimals=decimals).split(" to ")
        return f"{self._written(first)} {self.text('to')} {self._written(last)}"

    def region(self, key: str) -> str:
        """A region as the head of a row: ``"right upper lobe, basal"``."""
        if self.code == "en":
            return words.region_name(key)
        organ, _, part = key.partition("/")
        name = ORGANS[organ][0] if organ in ORGANS else words.region_name(organ)
        name = name[:1].upper() + name[1:]
        return f"{name}, {ADJECTIVES.get(part, part)}" if part else name

    def listed(self, names: Sequence[str]) -> str:
        """``"a, b and c"``."""
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self.text('and')} {names[-1]}"

    def verdict(self, key: str) -> str:
        """A verdict in a cell of a table."""
        return self.text(key.replace("_", " "))

    def fact(self, english: str) -> str:
        """The name of a fact or of a check."""
        scan, _, rest = english.partition(" ")
        if scan in ("Baseline", "Follow-up") and rest and english not in FACTS[self.code]:
            rest = rest[:1].upper() + rest[1:]
            return f"{self.text(scan)}: {FACTS[self.code].get(rest, rest)}" if self.code != "en" else english
        return FACTS[self.code].get(english, english)

    def cell(self, value: Any) -> str:
        """A value of a fact."""
        if value is None or isinstance(value, bool):
            return self.text({None: "unknown", True: "yes", False: "no"}[value])
        if isinstance(value, float):
            return self._written(_short(value))
        if isinstance(value, Sequence) and not isinstance(value, str):
            return " × ".join(self.cell(part) for part in value)
        if isinstance(value, int):
            return words.number(value, decimals=0)
        return self.text(str(value)).replace(" and ", f" {self.text('and')} ")

    def _written(self, number: str) -> str:
        return number if self.code == "en" else number.replace(".", ",")


def _short(value: float) -> str:
    """Three digits or so, without zeros that say nothing: 4.3, 0.75, 120."""
    text = words.number(value, decimals=0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2)
    return text.rstrip("0").rstrip(".") if "." in text else text
