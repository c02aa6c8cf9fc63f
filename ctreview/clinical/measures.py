"""The scores and blood values that are known by name, and what is known of each.

Ranges of scores are those of the instruments: CMAS 0–52 (Lovell et al., Arthritis Rheum 1999), MMT8 0–80 on one side
and 0–150 on both (Rider et al., Arthritis Care Res 2011), CDASI activity 0–100 and damage 0–32 (Yassaee et al., Br J
Dermatol 2010). cMAS9 is another instrument than CMAS, and out of what each value says. Codes are those of LOINC. What
is not here may be given all the same, by any name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ctreview.clinical.units import POINTS

__all__ = ["MEASURES", "Category", "ClinicalMeasure", "find_measure", "own_measure"]

Category = Literal["lung", "muscle", "score", "blood"]


@dataclass(frozen=True)
class ClinicalMeasure:
    """Something that is measured again and again.

    Attributes
    ----------
    key : str
        Two values are of one course only where it is the same.
    category : {"lung", "muscle", "score", "blood"}
    english, german : str
        What it is called.
    other_names : tuple of str
        In lower case, without what is no letter or digit.
    unit : str or None
        UCUM code that is taken where none is given; None where it has to be given.
    lowest, highest : float or None
        Of a score.
    variants : tuple of float
        The maxima among which one has to be named, where the instrument has several.
    by_assay : bool
        Whether values of different assays have nothing to do with each other.
    catalytic : bool
        An activity of an enzyme, of which laboratories write IU for U.
    loinc : str or None
    """

    key: str
    category: Category
    english: str
    german: str
    other_names: tuple[str, ...] = ()
    unit: str | None = None
    lowest: float | None = None
    highest: float | None = None
    variants: tuple[float, ...] = ()
    by_assay: bool = False
    catalytic: bool = False
    loinc: str | None = None

    def called(self, language: str) -> str:
        """Its name in a language."""
        return self.german if language == "de" else self.english


def _score(key: str, english: str, german: str, *names: str, highest: float | None = None) -> ClinicalMeasure:
    return ClinicalMeasure(key, "score", english, german, names, POINTS, 0.0, highest)


def _enzyme(key: str, english: str, german: str, *names: str, loinc: str) -> ClinicalMeasure:
    return ClinicalMeasure(key, "blood", english, german, names, catalytic=True, loinc=loinc)


_ALL = (
    _score("cmas", "CMAS", "CMAS", "childhoodmyositisassessmentscale", highest=52.0),
    _score("cmas9", "cMAS9", "cMAS9", "cmas9items"),
    ClinicalMeasure("mmt8", "score", "MMT8", "MMT8", (), POINTS, 0.0, 150.0, variants=(80.0, 150.0)),
    _score("cdasi_activity", "CDASI activity", "CDASI Aktivität", "cdasia", "cdasiaktivitat", highest=100.0),
    _score("cdasi_damage", "CDASI damage", "CDASI Schaden", "cdasid", "cdasischaden", highest=32.0),
    _enzyme("ck", "CK", "CK", "creatinekinase", "creatinkinase", "kreatinkinase", "cpk", loinc="2157-6"),
    _enzyme("ldh", "LDH", "LDH", "lactatedehydrogenase", "laktatdehydrogenase", loinc="2532-0"),
    _enzyme("aldolase", "Aldolase", "Aldolase", loinc="1761-6"),
    _enzyme("ast", "AST", "AST", "asat", "got", "aspartateaminotransferase", loinc="1920-8"),
    _enzyme("alt", "ALT", "ALT", "alat", "gpt", "alanineaminotransferase", loinc="1742-6"),
    ClinicalMeasure("ferritin", "blood", "Ferritin", "Ferritin", loinc="2276-4"),
    ClinicalMeasure("kl6", "blood", "KL-6", "KL-6", ("krebsvondenlungen6",)),
    ClinicalMeasure("crp", "blood", "CRP", "CRP", ("creactiveprotein", "creaktivesprotein"), loinc="1988-5"),
    ClinicalMeasure(
        "interferon_score",
        "blood",
        "Interferon score",
        "Interferon-Score",
        ("ifnscore", "interferonsignature", "interferonsignatur", "isgscore"),
        POINTS,
        by_assay=True,
    ),
)

MEASURES: Mapping[str, ClinicalMeasure] = {one.key: one for one in _ALL}
"""By key."""


def find_measure(name: str) -> ClinicalMeasure | None:
    """The measure of a name, whatever its capital letters, hyphens and spaces; None where it is not known."""
    plain = _plain(name)
    return next((one for one in _ALL if plain in (_plain(one.key), _plain(one.english), *one.other_names)), None)


def own_measure(name: str, category: Category, german: str = "") -> ClinicalMeasure:
    """A measure that is known by nothing but its name."""
    return ClinicalMeasure(
        _plain(name) or name, category, name, german or name, unit=POINTS if category == "score" else None
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower())
