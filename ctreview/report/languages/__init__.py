"""The sentences of a report in each language; which of them are said is decided in `ctreview.report.narrative`."""

from collections.abc import Mapping

from ctreview.report.languages.english import English
from ctreview.report.languages.german import German
from ctreview.report.languages.phrases import CandidateTold, Marked, Phrases, Protocol, RegionTold, ShownImage

__all__ = ["LANGUAGES", "CandidateTold", "Marked", "Phrases", "Protocol", "RegionTold", "ShownImage"]

LANGUAGES: Mapping[str, Phrases] = {"en": English(), "de": German()}
"""By ISO 639-1 code."""
