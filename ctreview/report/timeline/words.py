"""What the figure says, in English and German."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ctreview.clinical.partial_dates import PartialDate
from ctreview.clinical.quantities import Quantity, ReferenceRange
from ctreview.clinical.units import shown_unit
from ctreview.report.timeline.time_axis import MONTHS, TimeAxis
from ctreview.report.words import MINUS

__all__ = ["WORDS", "date_words", "number_words", "quantity_words", "reference_words", "source_words", "unit_words"]

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Clinical timeline",
        "describes": "One time axis; beneath each other: scans, opacity, muscle measures, scores, blood values, "
        "treatments, findings and events. All entries also stand in the table behind the figure.",
        "scan": "Scans",
        "lung": "Lung",
        "muscle": "Muscle",
        "score": "Scores",
        "blood": "Blood values",
        "treatment": "Treatments",
        "event": "Findings and events",
        "undated": "not dated",
        "calendar": "month",
        "days": "days since the first scan",
        "days_zero": "days since day zero",
        "days_first": "days since the first entry",
        "about": "about {}",
        "by": "by {}",
        "from": "from {} on",
        "between": "{} to {}",
        "day": "day {}",
        "out_of": "{} of {}",
        "reference": "reference {}",
        "above": "above the reference range",
        "below": "below the reference range",
        "assay": "assay: {}",
        "no_assay": "assay not named",
        "log": "logarithmic axis",
        "begins": "begins {}",
        "begin_unknown": "begin not given",
        "ends": "ends {}",
        "end_unknown": "end not given",
        "ongoing": "ongoing",
        "dates_unknown": "dates not given",
        "interval": "interval {} to {} {}",
        "table": "All entries as a table",
        "when": "When",
        "what": "What",
        "value": "Value, dose",
        "remark": "Reference range, source, remarks",
        "legend": "Circle: value; triangle: above or below its reference range; hollow with an arrow: only known to be "
        "less or more. Grey band: reference range. Horizontal line: the days between which it lies.",
        "whisker": "Vertical line at a later scan: the interval of its change since the first scan.",
        "bars": "Hatched: perhaps given, dotted: not known until when or since when.",
        "no_line": "A line joins three dated values or more of one instrument or assay and one source; everything else "
        "are points. Nothing between two points is known.",
        "no_cause": "The figure shows what happened at the same time. It does not say that a treatment caused "
        "a change.",
        "key_image": "key image",
        "phantom": "phantom",
        "published": "published",
    },
    "de": {
        "title": "Klinischer Verlauf",
        "describes": "Eine Zeitachse; untereinander: Aufnahmen, Verdichtungen, Muskelmaße, Scores, Laborwerte, "
        "Behandlungen, Befunde und Ereignisse. Alle Einträge stehen auch in der Tabelle hinter der Abbildung.",
        "scan": "Aufnahmen",
        "lung": "Lunge",
        "muscle": "Muskel",
        "score": "Scores",
        "blood": "Laborwerte",
        "treatment": "Behandlungen",
        "event": "Befunde und Ereignisse",
        "undated": "ohne Datum",
        "calendar": "Monat",
        "days": "Tage seit der ersten Aufnahme",
        "days_zero": "Tage seit Tag null",
        "days_first": "Tage seit dem ersten Eintrag",
        "about": "etwa {}",
        "by": "bis spätestens {}",
        "from": "ab {}",
        "between": "{} bis {}",
        "day": "Tag {}",
        "out_of": "{} von {}",
        "reference": "Referenz {}",
        "above": "über dem Referenzbereich",
        "below": "unter dem Referenzbereich",
        "assay": "Verfahren: {}",
        "no_assay": "Verfahren nicht genannt",
        "log": "logarithmische Achse",
        "begins": "Beginn {}",
        "begin_unknown": "Beginn nicht angegeben",
        "ends": "Ende {}",
        "end_unknown": "Ende nicht angegeben",
        "ongoing": "laufend",
        "dates_unknown": "Zeitraum unbekannt",
        "interval": "Intervall {} bis {} {}",
        "table": "Alle Einträge als Tabelle",
        "when": "Wann",
        "what": "Was",
        "value": "Wert, Dosis",
        "remark": "Referenzbereich, Quelle, Bemerkungen",
        "legend": "Kreis: Wert; Dreieck: über oder unter seinem Referenzbereich; hohl mit Pfeil: nur bekannt, dass "
        "kleiner oder größer. Graues Band: Referenzbereich. Waagrechte Linie: die Tage, zwischen denen er liegt.",
        "whisker": "Senkrechte Linie an einer späteren Aufnahme: das Intervall ihrer Änderung seit der ersten.",
        "bars": "Schraffiert: möglicherweise gegeben, gepunktet: unbekannt, bis wann oder seit wann.",
        "no_line": "Eine Linie verbindet drei datierte Werte oder mehr eines Instruments oder Verfahrens und einer "
        "Quelle; alles andere sind Punkte. Was zwischen zwei Punkten liegt, ist nicht bekannt.",
        "no_cause": "Die Abbildung zeigt, was zur selben Zeit geschah. Dass eine Behandlung eine Änderung bewirkt hat, "
        "sagt sie nicht.",
        "key_image": "Schlüsselbild",
        "phantom": "Phantom",
        "published": "publiziert",
    },
}


def source_words(source: str, language: str) -> str:
    """Whose a value is; as it was given where there is no other word for it."""
    return WORDS[language].get(source, source) if source in {"phantom", "published"} else source


def number_words(value: float, language: str) -> str:
    """A number with as many digits as were given, a true minus sign and the decimal mark of the language."""
    plain = f"{value:.6g}".replace("-", MINUS)
    return plain.replace(".", ",") if language == "de" else plain


def quantity_words(quantity: Quantity, language: str, *, with_unit: bool = True) -> str:
    """A value as a laboratory writes it: ``"< 0.2 U/L"``, ``"20/52"``."""
    sign = {"<=": "≤", ">=": "≥"}.get(quantity.comparator, quantity.comparator)
    said = number_words(quantity.value, language)
    if quantity.highest is not None:
        said = f"{said}/{number_words(quantity.highest, language)}"
    unit = unit_words(quantity.unit, language) if with_unit else ""
    return " ".join(part for part in (sign, said, unit) if part)


def unit_words(code: str, language: str) -> str:
    """A unit as a page in this language writes it: millilitres are ``ml`` in German."""
    shown = shown_unit(code)
    return shown.replace("mL", "ml") if language == "de" else shown


def reference_words(reference: ReferenceRange, language: str) -> str:
    """A reference range: ``"2–5"``, ``"< 3.17"``."""
    low, high = reference.low, reference.high
    if low is not None and high is not None:
        return f"{number_words(low, language)}–{number_words(high, language)}"
    if high is not None:
        return f"{'<' if reference.open_ends else '≤'} {number_words(high, language)}"
    return f"{'>' if reference.open_ends else '≥'} {number_words(low or 0.0, language)}"


def date_words(when: PartialDate, axis: TimeAxis, language: str) -> str:
    """When something was, no more exactly than the axis may say and than is known."""
    words = WORDS[language]
    early, late = when.earliest, when.latest
    if early is None and late is None:
        return words["undated"]
    if early is None or late is None:
        known = late if early is None else early
        said = words["by" if early is None else "from"].format(_day_words(known or 0, when, axis, language))
    else:
        first, last = (_day_words(day, when, axis, language) for day in (early, late))
        said = first if first == last else words["between"].format(first, last)
    return words["about"].format(said) if when.approximate else said


def _day_words(day: int, when: PartialDate, axis: TimeAxis, language: str) -> str:
    if not axis.in_calendar:
        return WORDS[language]["day"].format(f"{day - axis.zero}".replace("-", MINUS))
    one = date.fromordinal(day)
    if when.precision == "year":
        return str(one.year)
    month = f"{MONTHS[language][one.month - 1]} {one.year}"
    if when.precision != "day":
        return month
    return f"{one.day}. {month}" if language == "de" else f"{one.day} {month}"
