"""What the muscle page says, in English and in German."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from ctreview.change import Interval, Verdict
from ctreview.muscle.groups import GROUP_SCHEME
from ctreview.report import words
from ctreview.volume.mr_contrast import GRADIENT_ECHO, SPIN_ECHO

__all__ = [
    "MUSCLE_WORDS",
    "contrast_words",
    "digits_of",
    "measure_words",
    "muscle_change_words",
    "reason_words",
    "region_words",
    "shown_unit",
]

_MEASURES: Mapping[str, tuple[str, str]] = {
    "muscle_ml": ("Muscle volume", "Muskelvolumen"),
    "group_ml": ("Volume as drawn", "Volumen wie gezeichnet"),
    "lean_ml": ("Lean volume", "Fettfreies Muskelvolumen"),
    "intermuscular_fat_ml": ("Fat between muscles", "Fett zwischen den Muskeln"),
    "subcutaneous_fat_ml": ("Subcutaneous fat", "Unterhautfett"),
    "bone_cortex_ml": ("Bone cortex", "Kortikalis"),
    "bone_marrow_ml": ("Bone marrow", "Knochenmark"),
    "largest_section_cm2": ("Largest cross-section of muscle", "Größter Muskelquerschnitt"),
    "section_cm2": ("Cross-section at the chosen height", "Querschnitt auf gewählter Höhe"),
    "femur_mm": ("Femur length", "Femurlänge"),
    "muscle_ml_per_femur_cm": ("Muscle volume over femur length", "Muskelvolumen je Femurlänge"),
    "section_per_bone_section": ("Muscle section over bone section", "Muskel- je Knochenquerschnitt"),
    "mean_section_cm2": ("Mean cross-section of muscle", "Mittlerer Muskelquerschnitt"),
    "section_per_bone": (
        "Muscle section over bone section, median of slices",
        "Muskel- je Knochenquerschnitt, Median der Schichten",
    ),
    "fat_fraction_mean": ("Fat fraction, mean", "Fettanteil, Mittelwert"),
    "fat_fraction_median": ("Fat fraction, median", "Fettanteil, Median"),
    "fat_fraction_inner_mean": ("Fat fraction without the border, mean", "Fettanteil ohne Rand, Mittelwert"),
    "fat_fraction_inner_median": ("Fat fraction without the border, median", "Fettanteil ohne Rand, Median"),
    "stir_ratio_median": ("STIR ratio, median", "STIR-Verhältnis, Median"),
    "water_t2_median": ("T2 of water, median", "T2 des Wassers, Median"),
    "mono_exponential_t2_median": ("T2 (one exponential), median", "T2 (eine Exponentielle), Median"),
    "hot_percent": ("Hot voxels", "Auffällig helle Voxel"),
    "hot_ml": ("Volume of hot voxels", "Volumen auffällig heller Voxel"),
    "muscle_asymmetry": ("Asymmetry of muscle volume", "Asymmetrie des Muskelvolumens"),
    "lean_asymmetry": ("Asymmetry of lean volume", "Asymmetrie des fettfreien Volumens"),
    "intermuscular_fat_asymmetry": ("Asymmetry of fat between muscles", "Asymmetrie des Fetts zwischen den Muskeln"),
    "subcutaneous_fat_asymmetry": ("Asymmetry of subcutaneous fat", "Asymmetrie des Unterhautfetts"),
    "largest_section_asymmetry": ("Asymmetry of the largest section", "Asymmetrie des größten Querschnitts"),
    "section_asymmetry": ("Asymmetry of the section at height", "Asymmetrie des Querschnitts auf Höhe"),
}
_REGIONS: Mapping[str, tuple[str, str]] = {
    "right_thigh": ("right thigh", "rechter Oberschenkel"),
    "left_thigh": ("left thigh", "linker Oberschenkel"),
    "thigh": ("thigh, side not known", "Oberschenkel, Seite unbekannt"),
    "both_thighs": ("both thighs", "beide Oberschenkel"),
    "right_lower_leg": ("right lower leg", "rechter Unterschenkel"),
    "left_lower_leg": ("left lower leg", "linker Unterschenkel"),
    "lower_leg": ("lower leg, side not known", "Unterschenkel, Seite unbekannt"),
    "both_lower_legs": ("both lower legs", "beide Unterschenkel"),
}
_GROUPS = {label.key: label for label in GROUP_SCHEME}
_LANGUAGES = ("en", "de")

MUSCLE_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title_thigh": "Muscles of the thigh in MRI",
        "title_lower_leg": "Muscles of the lower leg in MRI",
        "told_by": "Muscle is told from fat by",
        "no_verdict": "The program measures; it does not say whether muscles are ill. There are no reference values.",
        "change": "Change in the part that both examinations show",
        "apart": "{days} days apart",
        "days_unknown": "Time between the examinations not known",
        "stir_reference": "STIR reference, confirmed by a reader: {places}. It may be ill itself; ratios compare "
        "between dates only over the same muscle, with the same coil, TI and TE.",
        "stir_place": "{name} at {x}, {y}, {z} mm (left, posterior, head), radius {radius} mm, level ± {error} %",
        "baseline": "Baseline",
        "followup": "Follow-up",
        "examination": "Examination",
        "difference": "Change (sensitivity interval)",
        "verdict": "Verdict",
        "pictures": "Outlines",
        "headline": "Muscle",
        "map": "Fat fraction, 0 to 50 %",
        "stir_map": "STIR, robust z from 0 to 6",
        "pictures_text": "Slices from the head down; the patient's right is on the left of the picture.",
        "curves": "Along the limb, slice by slice",
        "curve_muscle": "Cross-section of muscle, cm²",
        "curve_fat": "Fat fraction inside the fascia, mean of the slice, %",
        "of_femur": "% of the femur's length, from the knee on the left",
        "in_mm": "mm from the lowest slice, on the left",
        "acquisition": "How the images were made",
        "contrast": "Contrast",
        "voxels": "Voxels, mm",
        "sequence": "Sequence",
        "agent": "Contrast agent",
        "shift": "Moved onto the first, mm (left, posterior, head)",
        "groups_text": "Intervals of drawn groups hold by how much tissue and levels may be off, and half a voxel "
        "of the drawn border within the muscle; by how much two drawings differ beyond that, they do not hold.",
        "measures": "Measures",
        "measures_text": "Of all that each examination shows: what differs here may be more or less of the limb. "
        "Only the table of changes compares one part.",
        "measure": "Measure",
        "unit": "Unit",
        "checks": "Checks",
        "check": "Check",
        "effect": "What follows",
        "found": "Found",
        "ok": "ok",
        "failed": "look",
        "stops": "no verdict",
        "widens": "wider interval",
        "tells": "for your attention",
        "not_given": "not given",
        "asymmetry": "Asymmetry is 2 (L − R) / (L + R); above 0 the left is larger.",
        "evidence": "Methods were tried on two real scans; all figures of accuracy come from a phantom.",
        "decreased": "decreased",
        "increased": "increased",
        "unchanged": "unchanged",
        "indeterminate": "indeterminate",
        "not_interpretable": "not interpretable",
    },
    "de": {
        "title_thigh": "Muskeln des Oberschenkels in der MRT",
        "title_lower_leg": "Muskeln des Unterschenkels in der MRT",
        "told_by": "Muskel und Fett unterschieden nach",
        "no_verdict": "Das Programm misst; ob Muskeln krank sind, sagt es nicht. Normwerte werden nicht angewandt.",
        "change": "Änderung in dem Abschnitt, den beide Untersuchungen zeigen",
        "apart": "Abstand {days} Tage",
        "days_unknown": "Zeitlicher Abstand der Untersuchungen nicht bekannt",
        "stir_reference": "STIR-Referenz, vom Befunder bestätigt: {places}. Sie kann selbst krank sein; Verhältnisse "
        "sind nur zu demselben Muskel und bei gleicher Spule, TI und TE vergleichbar.",
        "stir_place": "{name} bei {x}, {y}, {z} mm (links, dorsal, kranial), Radius {radius} mm, Pegel ± {error} %",
        "baseline": "Voruntersuchung",
        "followup": "Aktuell",
        "examination": "Untersuchung",
        "difference": "Änderung (Sensitivitätsintervall)",
        "verdict": "Urteil",
        "pictures": "Umrisse",
        "headline": "Muskel",
        "map": "Fettanteil, 0 bis 50 %",
        "stir_map": "STIR, robustes z von 0 bis 6",
        "pictures_text": "Schichten von kranial nach kaudal; die rechte Seite des Patienten liegt links im Bild.",
        "curves": "Entlang des Beins, Schicht für Schicht",
        "curve_muscle": "Muskelquerschnitt, cm²",
        "curve_fat": "Fettanteil innerhalb der Faszie, Mittel der Schicht, %",
        "of_femur": "% der Femurlänge, links das Knie",
        "in_mm": "mm von der untersten Schicht, links",
        "acquisition": "Aufnahme der Bilder",
        "contrast": "Kontrast",
        "voxels": "Voxel, mm",
        "sequence": "Sequenz",
        "agent": "Kontrastmittel",
        "shift": "Auf das erste verschoben, mm (links, dorsal, kranial)",
        "groups_text": "Die Intervalle gezeichneter Gruppen enthalten, wie weit Gewebe und Höhen abweichen "
        "können, und einen halben Voxel der gezeichneten Grenze im Muskel; wie weit zwei Zeichnungen darüber hinaus "
        "voneinander abweichen, enthalten sie nicht.",
        "measures": "Messwerte",
        "measures_text": "Von allem, was jede Untersuchung zeigt: Unterschiede können an mehr oder weniger "
        "Bein liegen. Nur die Tabelle der Änderungen vergleicht denselben Abschnitt.",
        "measure": "Messwert",
        "unit": "Einheit",
        "checks": "Prüfungen",
        "check": "Prüfung",
        "effect": "Folge",
        "found": "Ergebnis",
        "ok": "in Ordnung",
        "failed": "ansehen",
        "stops": "kein Urteil",
        "widens": "weiteres Intervall",
        "tells": "Hinweis",
        "not_given": "nicht angegeben",
        "asymmetry": "Asymmetrie ist 2 (L − R) / (L + R); über 0 ist links größer.",
        "evidence": "Erprobt an zwei echten Aufnahmen; alle Angaben zur Genauigkeit stammen von einem Phantom.",
        "decreased": "abgenommen",
        "increased": "zugenommen",
        "unchanged": "unverändert",
        "indeterminate": "unentschieden",
        "not_interpretable": "nicht beurteilbar",
    },
}
"""Words of the page by language."""


def measure_words(key: str, language: str) -> str | None:
    """A measure in words; None for one that stands in the files alone (percentiles)."""
    found = _MEASURES.get(key)
    return None if found is None else found[_LANGUAGES.index(language)]


_GERMAN_CONTRASTS: Mapping[str, str] = {
    "Dixon water": "Dixon Wasser",
    "Dixon fat": "Dixon Fett",
    "Dixon in phase": "Dixon in Phase",
    "Dixon opposed phase": "Dixon gegenphasig",
    "Dixon water and fat": "Dixon Wasser und Fett",
    "fat fraction": "Fettanteil",
    "T1 fat suppressed": "T1 fettunterdrückt",
    "T2 fat suppressed": "T2 fettunterdrückt",
    "proton density": "Protonendichte",
    "T1 map": "T1-Karte",
    "T2 map": "T2-Karte",
    "T2* map": "T2*-Karte",
    "R2* map": "R2*-Karte",
    "field map": "Feldkarte",
    "phase": "Phasenbild",
    "image": "Bild",
}
_GERMAN_ECHOES = {GRADIENT_ECHO: "Gradientenecho", SPIN_ECHO: "Spinecho"}
_SUFFIX = re.compile(r"( \d+)?( \(contrast not stated\))?$")
"""What a second contrast of one kind is numbered by, and what is said of one that is not known."""


def contrast_words(name: str, language: str) -> str:
    """What a contrast is called; one that goes by the description of its series is quoted as it is."""
    if language != "de":
        return name
    suffix = _SUFFIX.search(name)
    number, unknown = suffix.groups(default="") if suffix else ("", "")
    kind = name.removesuffix(number + unknown)
    for english, german in _GERMAN_ECHOES.items():
        if kind.startswith(f"{english} ") and kind.endswith(" ms"):
            kind = german + kind.removeprefix(english).replace(".", ",")
    said = _GERMAN_CONTRASTS.get(kind, kind) + number
    return f"{said} (Kontrast nicht angegeben)" if unknown else said


_CUT = "The image ends within the femur ({}), so its length is unknown."
_CUT_GERMAN = "Das Bild endet im Femur ({}); seine Länge ist unbekannt."
_GERMAN_REASONS = {
    "No femur was found in the image.": "Im Bild wurde kein Femur gefunden.",
    _CUT.format("below"): _CUT_GERMAN.format("unten"),
    _CUT.format("above"): _CUT_GERMAN.format("oben"),
    _CUT.format("below and above"): _CUT_GERMAN.format("unten und oben"),
    "What was found of the femur is too short to be a whole one, so its length is unknown.": (
        "Was vom Femur gefunden wurde, ist zu kurz für einen ganzen; seine Länge ist unbekannt."
    ),
    "The image does not reach that height.": "Das Bild reicht nicht bis zu dieser Höhe.",
}


def reason_words(reason: str, language: str) -> str:
    """Why a number is missing; one that is not known here is quoted."""
    if language == "de" and reason:
        return _GERMAN_REASONS.get(reason, f"„{reason}“")
    return reason


def shown_unit(ucum: str, language: str) -> str:
    """A unit as it is printed."""
    unit = ucum.replace("{ratio}", "").replace("cm2", "cm²")
    return unit.replace("mL", "ml") if language == "de" else unit


def digits_of(value: float) -> int:
    """Decimal places that a number of that size is given with."""
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2


def region_words(region: str, language: str) -> str:
    """A limb or a group of muscles in words; what a reader drew under another name is called by that."""
    found = _REGIONS.get(region)
    if found is not None:
        return found[_LANGUAGES.index(language)]
    group = _GROUPS.get(region.removeprefix("both_"))
    if group is None:
        return region.replace("_", " ")
    name = group.called(language)
    if not region.startswith("both_"):
        return name
    return f"{name}, beidseits" if language == "de" else f"both {name}"


class ChangedMuscle(Protocol):
    """What is said of the change of a number; the recipe's ``MuscleChange`` has it."""

    @property
    def region(self) -> str:
        """Its key."""

    @property
    def unit(self) -> str:
        """In UCUM."""

    @property
    def change(self) -> Interval:
        """Follow-up minus baseline."""

    @property
    def verdict(self) -> Verdict:
        """What that says."""


def muscle_change_words(change: ChangedMuscle) -> str:
    """How a number of a region changed, on one line in English."""
    name = region_words(change.region, "en")
    verdict = words.verdict_word(change.verdict)
    if change.verdict == "not_interpretable":
        return f"{name[:1].upper()}{name[1:]}: {verdict}"
    found, unit = change.change, shown_unit(change.unit, "en")
    span = words.span(found.low, found.high)
    return f"{name[:1].upper()}{name[1:]}: {verdict}, {words.signed(found.value)} {unit} ({span} {unit})"
