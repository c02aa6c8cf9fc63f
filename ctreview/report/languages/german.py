"""German, as a radiologist dictates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ctreview.change.residual import Residual
from ctreview.checks import Check
from ctreview.lung.visual_scores import TRACE_ML
from ctreview.report import words
from ctreview.report.languages.german_candidates import class_in_german, reason_in_german
from ctreview.report.languages.german_checks import check_in_german
from ctreview.report.languages.german_methods import methods_in_german
from ctreview.report.languages.german_places import PARTS, place, place_in
from ctreview.report.languages.phrases import CandidateTold, Marked, Protocol, RegionTold, ShownImage
from ctreview.volume.labels import Label

__all__ = ["German"]

POSTURES = {
    "supine": "Rückenlage",
    "prone": "Bauchlage",
    "lying on the left side": "Linksseitenlage",
    "lying on the right side": "Rechtsseitenlage",
}


VERDICTS = {
    "decreased": "rückläufig",
    "increased": "progredient",
    "unchanged": "unverändert im Rahmen der Messgenauigkeit",
    "indeterminate": "Änderung weder belegt noch ausgeschlossen",
    "not_interpretable": "nicht beurteilbar",
}

TYPES = {
    "nodule": "Rundherd",
    "spot": "Fleckige Verdichtung",
    "reticulation": "Retikuläre Verdichtungen",
    "traction bronchiectasis": "Traktionsbronchiektasen",
    "septal thickening": "Verdickung der Interlobulärsepten",
    "air trapping": "Air-Trapping",
    "effusion": "Pleuraerguss",
    "node": "Lymphknoten",
    "calcinosis": "Kalzinose",
    "pneumothorax": "Pneumothorax",
    "pneumomediastinum": "Pneumomediastinum",
}

WHEN = {1: "in der Voraufnahme", 2: "aktuell"}

LIMITATIONS = (
    "„Unter der Schwelle“ ist, was ein Rechner sehen kann. Ob sich Milchglas zurückgebildet hat, bestätigt der "
    "Befunder: es kann in eine Retikulation oder in Air-Trapping übergegangen sein.",
    "Die Dichte hängt von Atemtiefe, Alter, Faltungskern, Kontrastmittel und Lagerung ab.",
    "Das Intervall ist ein Sensitivitätsintervall: Wiederholungsaufnahmen eines Patienten liegen ihm nicht zugrunde. "
    "Aussagen zu Teilen der Lunge sind explorativ; der Befund ist die Aussage zu beiden Lungen zusammen.",
    "Eine Änderung unter einer Therapie ist ein zeitlicher Zusammenhang. Die Bilder sagen nichts über ihre Ursache und "
    "nichts über das Befinden.",
)

WITHOUT_LOBES = "Die Lappen wurden nicht getrennt: Orte sind Seiten, Drittel der Höhe und Hälften der Tiefe."


PLANES = MappingProxyType({"axial": "axial", "coronal": "koronar", "sagittal": "sagittal"})
SLABS = MappingProxyType({"average": "Mittelwert"})
"""What slabs are called that have no name in both languages."""


class German:
    """See `Phrases`."""

    name: str = "Deutsch"
    headings: Mapping[str, str] = MappingProxyType(
        {
            "technique": "TECHNIK",
            "comparison": "VERGLEICH",
            "findings": "BEFUND",
            "impression": "BEURTEILUNG",
            "limitations": "EINSCHRÄNKUNGEN",
        }
    )

    def draft(self) -> str:
        """That nobody has signed."""
        return "ENTWURF, nicht signiert."

    def signed(self, reader: str, when: str) -> str:
        """Who has signed, and when."""
        return f"Signiert von {reader}, {when}."

    def research(self) -> str:
        """That this is no medical device."""
        return "Nur für Forschungszwecke; kein Medizinprodukt."

    def headline(self, found: words.Found) -> str:
        """The one sentence at the top of the page."""
        when = _within(found.days)
        if found.verdict == "not_interpretable":
            return f"Die Änderung {when} ist nicht beurteilbar."
        if found.verdict == "unchanged":
            return f"Verdichtungen {when} unverändert im Rahmen der Messgenauigkeit."
        if found.verdict == "indeterminate":
            return f"Eine Änderung der Verdichtungen {when} ist weder belegt noch ausgeschlossen."
        return f"Verdichtungen {when} um {_ml(abs(found.change_ml))} {VERDICTS[found.verdict]}."

    def part(self, key: str, english: str) -> str:
        """A part of a place."""
        return PARTS[key][0] if key in PARTS else english

    def reason(self, reason: str) -> str:
        """Why a dense area is not counted."""
        return reason_in_german(reason)

    def methods(self, document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
        """How the numbers came about."""
        return methods_in_german(document, provenance)

    def technique(self, baseline: Protocol, followup: Protocol, *, registered: bool) -> str:
        """How the scans were made and read."""
        if baseline == followup:
            scans = f"Beide Aufnahmen: {_protocol(baseline)}."
        else:
            scans = f"Voraufnahme: {_protocol(baseline)}. Aktuell: {_protocol(followup)}."
        joined = "; was beide nach Registrierung gleich zeigen, ist gleich beurteilt" if registered else ""
        return (
            f"CT des Thorax zu zwei Zeitpunkten. {scans} Lungen, Milchglastrübungen und Konsolidierungen wurden "
            "computergestützt segmentiert, ohne Gefäße, Bronchialwände und lageabhängige Verdichtungen. Volumina sind "
            f"im Gitter der jeweiligen Aufnahme gemessen{joined}."
        )

    def comparison(self, days: int | None) -> str:
        """What the follow-up is compared with."""
        if days is None:
            return "Vor-CT; der zeitliche Abstand ist nicht bekannt."
        if days == 0:
            return "Weiteres CT desselben Tages."
        order = "zuvor" if days > 0 else "danach; die Aufnahmen wurden in umgekehrter Reihenfolge angegeben"
        return f"CT {_days(days)} {order}."

    def terms(self, level: float) -> str:
        """What opacity and the intervals are."""
        return (
            "Verdichtung meint Milchglas und Konsolidierung zusammen. In Klammern hinter einer Änderung steht ihr "
            f"{100 * level:.0f}-%-Sensitivitätsintervall; es ist kein Konfidenzintervall."
        )

    def not_interpretable(self) -> str:
        """Why there are no numbers."""
        return "Die Änderung der Verdichtungen ist nicht beurteilbar; Zahlen werden nicht als Befund angegeben."

    def region(self, told: RegionTold) -> str:
        """What is found in one region."""
        name = place(told.region)
        if told.empty:
            return f"{name}: in beiden Aufnahmen keine Verdichtung über der Schwelle."
        return (
            f"{name}: Verdichtungen {_ml(told.before_ml)}{_share(told.before_percent)}, aktuell "
            f"{_ml(told.after_ml)}{_share(told.after_percent)}; Änderung {_signed(told.change_ml)} ml ({_span(told)}): "
            f"{VERDICTS[told.verdict]}."
        )

    def fate(self, baseline_ml: float, fate_ml: Mapping[str, float] | None, classes: Sequence[Label]) -> str:
        """What became of the opacity."""
        if fate_ml is None:
            return (
                "Die Aufnahmen ließen sich nicht registrieren; was aus einzelnen Anteilen wurde, wird nicht angegeben."
            )
        new = f"{_ml(fate_ml['new'])} sind neu."
        if baseline_ml < TRACE_ML:
            return f"In der Voraufnahme keine messbare Verdichtung; {new}"
        parts = [f"{_ml(fate_ml['resolved'])} aktuell unter der Schwelle"]
        mild, grave = (classes[place].called("de") for place in (0, -1))
        for key, what in (
            ("persistent", "weiterhin vorhanden"),
            ("worsened", f"von {mild} in {grave} übergegangen"),
            ("improved", f"von {grave} in {mild} übergegangen"),
        ):
            if fate_ml[key] >= TRACE_ML:
                parts.append(f"{_ml(fate_ml[key])} {what}")
        return f"Von {_ml(baseline_ml)} der Voraufnahme sind {_listed(parts)}; {new}"

    def distribution(self, found: Residual) -> str:
        """Where opacity lies at follow-up."""
        return f"Aktuelle Verteilung: {_places(found)}."

    def residual(self, found: Residual) -> str:
        """How much is left, and where."""
        if found.nothing:
            return "Über der Schwelle ist nichts verblieben."
        decimals = 0 if found.total_ml >= 99.5 else 1
        return f"Verblieben sind {_number(found.total_ml, decimals)} ml: {_places(found)}."

    def key_image(self, image: ShownImage) -> str:
        """What stands under an image that a reader kept."""
        when = {1: "Voraufnahme", 2: "Aktuell"}.get(image.timepoint, f"Aufnahme {image.timepoint}")
        slab = f"{SLABS.get(image.slab, image.slab)} {_comma(f'{image.slab_mm:g}')} mm" if image.slab else ""
        window = _comma(words.window(image.window_level, image.window_width)).replace("L ", "Z ").replace("W ", "B ")
        shown = (when, PLANES.get(image.plane, image.plane), image.contrast, slab, window)
        return ": ".join(part for part in (", ".join(one for one in shown if one), image.caption) if part)

    def marked(self, one: Marked) -> str:
        """A finding that a reader marked."""
        where = place_in(one.region) if one.region else ""
        size = [_number(mm, 0) for mm in (one.long_mm, one.short_mm) if mm is not None]
        head = " ".join(word for word in (TYPES.get(one.type, "Bemerkung"), where, WHEN.get(one.timepoint, "")) if word)
        said = f"{head}: {' × '.join(size)} mm" if size else head
        if one.state == "not_seen":
            said = f"{head}: {'nicht mehr nachweisbar' if one.timepoint > 1 else 'noch nicht nachweisbar'}"
        return f"{said}. {one.text.strip()}" if one.text.strip() else f"{said}."

    def to_confirm(self, candidates: Sequence[CandidateTold]) -> str:
        """How many dense areas are to be confirmed."""
        ml = {when: [one.ml for one in candidates if one.timepoint == number] for number, when in WHEN.items()}
        said = "; ".join(f"{when} {len(own)} mit {_ml(sum(own))}" for when, own in ml.items() if own)
        return (
            f"Zu bestätigende dichte Areale: {said}. Sie gehen in keine Zahl, kein Intervall und keine Bewertung ein, "
            "solange der Befunder sie nicht annimmt."
        )

    def candidate(self, told: CandidateTold) -> str:
        """One of them."""
        kind = class_in_german(told.proposed)
        where = f"{WHEN[told.timepoint]}, neben: {place(told.region)}"
        return f"{_ml(told.ml)} {where}; möglicherweise {kind}: {reason_in_german(told.reason)}."

    def impression(self, told: RegionTold, days: int | None) -> str:
        """The verdict of the whole organ."""
        when = _within(days)
        if told.verdict == "not_interpretable":
            return f"Die Änderung der Verdichtungen {when} ist nicht beurteilbar."
        interval = f"{100 * told.level:.0f}-%-Sensitivitätsintervall der Änderung {_span(told)}"
        subject = _subject(told)
        if told.verdict == "indeterminate":
            return (
                f"{subject} {when}: eine Änderung ist weder belegt noch ausgeschlossen (Änderung "
                f"{_signed(told.change_ml)} ml; {interval})."
            )
        if told.empty:
            return f"Keine Verdichtungen über der Schwelle, {when} auch keine Änderung."
        if told.verdict == "unchanged":
            return (
                f"{subject} {when} unverändert im Rahmen der Messgenauigkeit (Änderung {_signed(told.change_ml)} ml; "
                f"{interval})."
            )
        return f"{subject} beider Lungen {when} um {_ml(abs(told.change_ml))} {VERDICTS[told.verdict]} ({interval})."

    def new(self, ml: float) -> str:
        """That something is new."""
        return f"Aktuell {_ml(ml)} an Stellen, an denen zuvor keine Verdichtung war (ohne Intervall)."

    def check(self, check: Check) -> str:
        """A check that failed."""
        return check_in_german(check)

    def limitations(self, regions: Sequence[str]) -> Sequence[str]:
        """What always has to be kept in mind."""
        lobes = any(name.endswith("_lobe") for name in regions)
        return LIMITATIONS if lobes else (*LIMITATIONS[:2], WITHOUT_LOBES, *LIMITATIONS[2:])


def _protocol(one: Protocol) -> str:
    parts = [
        None if one.kvp is None else f"{_comma(f'{one.kvp:g}')} kV",
        None if one.kernel is None else f"Faltungskern {one.kernel}",
        None if one.slice_thickness_mm is None else f"Schichtdicke {_comma(f'{one.slice_thickness_mm:g}')} mm",
        None if one.contrast is None else f"{'mit' if one.contrast else 'ohne'} Kontrastmittel",
        POSTURES.get(one.posture or ""),
    ]
    return ", ".join(part for part in parts if part) or "Protokoll nicht bekannt"


def _places(found: Residual) -> str:
    said = []
    for one in found.places:
        inner = [f"{_percent(share)} {place_in(part)}" for part, share in one.parts]
        brackets = f" (davon {', '.join(inner)})" if inner else ""
        said.append(f"{_percent(one.share)} {place_in(one.region)}{brackets}")
    return "; ".join(said) if said else "in keinem benannten Anteil"


def _subject(told: RegionTold) -> str:
    return _listed([label.as_subject("de") for label in told.classes]) or "Verdichtungen"


def _days(days: int) -> str:
    return f"{abs(days)} Tag" + ("" if abs(days) == 1 else "e")


def _within(days: int | None) -> str:
    if days is None:
        return "in unbekannter Zeit"
    if days == 0:
        return "zwischen zwei Aufnahmen eines Tages"
    return f"innerhalb von {_days(days)}" + ("" if abs(days) == 1 else "n")


def _listed(said: Sequence[str]) -> str:
    return words.listed(said).replace(" and ", " und ")


def _comma(text: str) -> str:
    return text.replace(".", ",")


def _number(value: float, decimals: int | None = None) -> str:
    return _comma(words.number(value, decimals=decimals))


def _signed(value: float) -> str:
    return _comma(words.signed(value))


def _span(told: RegionTold) -> str:
    return f"{_comma(words.span(told.low_ml, told.high_ml)).replace(' to ', ' bis ')} ml"


def _ml(value: float) -> str:
    return f"{_number(value)} ml"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _share(percent: float | None) -> str:
    return "" if percent is None else f" ({_number(percent, 1)} %)"
