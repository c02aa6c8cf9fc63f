"""The paragraph on methods that may be cited, in German."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctreview.report.languages.german_page import IN_GERMAN
from ctreview.report.words import engine_words, varied

__all__ = ["methods_in_german"]


def methods_in_german(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    """How the numbers came about; parameters as of `ctreview.report.methods.methods`."""
    return " ".join(
        [
            *_segmented(document),
            _found(provenance),
            _registered(document, provenance),
            _uncertain(document, provenance),
            _made(provenance),
        ]
    )


def _segmented(document: Mapping[str, Any]) -> Iterator[str]:
    engines = document["baseline"].get("engines", {})
    by = f" von {engine_words(engines['lungs'], 'Lizenz')}" if "lungs" in engines else ""
    yield f"Die Lungen wurden{by} ohne Trachea und Hauptbronchien segmentiert."
    if "lobes" in engines:
        yield (
            f"Die Lappen wurden von {engine_words(engines['lobes'], 'Lizenz')} segmentiert; wie sicher ihre Grenzen "
            "sind, sagt das Verfahren nicht, und alle wurden gleich variiert."
        )
    elif any(row["region"].endswith("_lobe") for row in document["regions"]):
        yield (
            "Die Lappen wurden an den Lappenspalten getrennt, die als dünne helle Flächen nahe an Flächen gesucht "
            "wurden, wie sie bei anderen Menschen liegen. Wo ein Spalt nicht zu sehen war, trennt die "
            "wahrscheinlichste Fläche, und ihre Streuung geht in die Intervalle der Lappen ein."
        )


def _found(provenance: Mapping[str, Any]) -> str:
    sigmas = (provenance["settings"].get("opacity") or {}).get("sigmas")
    rule = f", {_comma(f'{sigmas:g}')} Standardabweichungen über dem Mittelwert" if isinstance(sigmas, float) else ""
    return (
        "Gefäße und Bronchialwände wurden ausgenommen; "
        "ihr Partialvolumen, vorhergesagt aus der an Kanten jedes Bildes gemessenen Punktbildfunktion, wurde "
        "abgezogen, und beide Aufnahmen wurden auf eine Auflösung gebracht. Milchglas und Konsolidierung wurden durch "
        f"Schwellen relativ zur normalen Lunge des Patienten selbst bestimmt{rule}, mit ihrem Gradienten entlang der "
        "Schwerkraft und nach einer gemeinsamen Regel für beide Aufnahmen, die an den Messwert der Luft in jeder "
        "angepasst ist; lageabhängige Verdichtungen wurden getrennt gezählt. Alle Volumina sind im Gitter der "
        "jeweiligen Aufnahme gemessen."
    )


def _registered(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    registration = document["registration"]
    if registration is None:
        return (
            "Die Aufnahmen ließen sich nicht registrieren; jede wurde für sich beurteilt, und was aus einzelnen "
            "Voxeln wurde, wird nicht angegeben."
        )
    engine = registration.get("engine")
    by = f" (Verfahren: {IN_GERMAN.get(engine, engine)})" if engine else ""
    alike = (provenance["settings"].get("opacity") or {}).get("alike_hu")
    within = f" (Unterschied bis {_comma(f'{alike:g}')} HE)" if isinstance(alike, float) else ""
    return (
        f"Die Voraufnahme wurde deformierbar auf die aktuelle registriert{by}. Die Registrierung sagt, was aus welchem "
        f"Anteil wurde; wo beide Aufnahmen dieselbe Dichte zeigen{within}, wurden beide nach dem Mittel beurteilt, "
        "Weichgewebe der einen kann als Lunge gelten, wo die andere sie belüftet zeigt, und kleine luftleere Stücke, "
        "die nur eine von beiden zur Lunge zählt, entfielen. Kein Volumen ist an einem verformten Bild gemessen."
    )


def _uncertain(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    change = document["regions"][0]["change"]["opacity_ml"]
    percent, seeds = 100 * change["level"], provenance["seeds"]
    drawn = f" (Startwert {', '.join(str(seed) for seed in seeds.values())})" if seeds else ""
    source = varied(change["dominant"]) if change["dominant"] else ""
    dominant = f"; am meisten bewegt es: {IN_GERMAN.get(source, source)}" if source else ""
    return (
        f"Das {_comma(f'{percent:g}')}-%-Sensitivitätsintervall gibt an, wie weit sich die Änderung "
        "verschiebt, wenn Schwelle, Rand, Atemtiefe und möglicherweise Übersehenes in plausiblen Grenzen variiert "
        f"werden{drawn}{dominant}; es ist kein Konfidenzintervall."
    )


def _made(provenance: Mapping[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in provenance["libraries"].items())
    return f"Erstellt mit ctreview {provenance['version']} ({libraries}; Python {provenance['python']})."


def _comma(text: str) -> str:
    return text.replace(".", ",")
