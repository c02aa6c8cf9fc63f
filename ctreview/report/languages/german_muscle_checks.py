"""What checks of muscle MRI look at, and what a failed one means, in German."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["MUSCLE_SENTENCES", "muscle_check_in_german"]

_SCANS = {"baseline_": "Voruntersuchung: ", "followup_": "Aktuelle Untersuchung: "}
_SIDES = {"right": " rechts", "left": " links"}

MUSCLE_SENTENCES: Mapping[str, tuple[str, str]] = {
    "order_of_scans": ("Reihenfolge", "Die aktuelle Untersuchung ist älter als die Voruntersuchung."),
    "same_contrast": (
        "Gleicher Kontrast",
        "Muskel und Fett werden nach verschiedenen Kontrasten unterschieden; jeder zieht die Grenze anders.",
    ),
    "same_limbs": ("Gleiche Beine", "Die Untersuchungen zeigen verschiedene Beine."),
    "voxel_size": (
        "Voxelgröße",
        "Die Voxel unterscheiden sich (Verhältnis {value}); feines Fett ist nur in einer Untersuchung zu sehen.",
    ),
    "told_apart": ("Kontrast in allen Schichten", "In {value} Schichten sind Muskel und Fett gleich hell."),
    "shared_part": (
        "Gemeinsamer Abschnitt{side}",
        "Beide Untersuchungen zeigen vom Bein{side} zu wenig Gemeinsames, oder es ist nicht bekannt; die Enden "
        "des Femurs können angegeben werden.",
    ),
    "group_shared_part": (
        "Gemeinsamer Anteil einer Muskelgruppe",
        "Von einer eingezeichneten Gruppe oder ihrem Bein zeigen beide Untersuchungen zu wenig Gemeinsames "
        "(Anteil {value}).",
    ),
    "registration": (
        "Höhen nach Querschnitten{side}",
        "Die Querschnitte{side} führen nicht zu einer Höhe; welcher Abschnitt gemeinsam ist, bleibt unbekannt.",
    ),
    "lower_leg": (
        "Unterschenkel (zwei Knochen in {value} Schichten)",
        "Schichten mit zwei Knochen nebeneinander: {value}. Oberschenkel und Unterschenkel sind "
        "gemischt, oder ihre Knochen sind nicht überall zu sehen; eine nicht erkannte Fibula zählt als Muskel.",
    ),
    "border_share": (
        "Anteil am Rand des Muskels: {value} %",
        "Ein Viertel Voxel am Rand sind {value} % des Muskels; so viel kann bei so dünnen Beinen zu viel "
        "gemessen sein, vor allem in T1.",
    ),
    "engine_groups_in_muscle": (
        "Muskelgruppen eines fremden Programms",
        "Gruppen einer Seite liegen nicht in deren Muskulatur (Anteil {value}) und wurden weggelassen.",
    ),
    "cut_in_plane": (
        "Bildrand",
        "Muskel reicht über den Bildrand hinaus; jede Verschiebung des Patienten ändert das Volumen.",
    ),
    "fat_fraction_protocol": ("Aufnahme der Fettanteile", "Die Fettanteile unterscheiden sich in: {value}."),
    "fat_fraction_noise_ratio": (
        "Rauschen der Fettanteile",
        "Das Rauschen der Fettanteile ist verschieden (Verhältnis {value}); wo wenig Fett ist, täuscht es Fett vor.",
    ),
    "t2_protocol": ("Aufnahme der T2-Karten", "Die T2-Karten unterscheiden sich in: {value}."),
    "stir_protocol": (
        "Aufnahme der STIR-Bilder",
        "Die STIR-Bilder sind nicht gleich aufgenommen, oder es ist nicht bekannt ({value}).",
    ),
    "water_fat_undecided": (
        "Vertauschung von Wasser und Fett",
        "In {value} Schichten ist nicht zu entscheiden, ob Wasser und Fett vertauscht sind.",
    ),
    "water_fat_swap": (
        "Vertauschung von Wasser und Fett",
        "Wasser und Fett waren vertauscht ({value}) und wurden richtiggestellt.",
    ),
    "slices_without_contrast": ("Schichten ohne Kontrast", "In {value} Schichten sind Muskel und Fett gleich hell."),
    "side": ("Seite", "Die Seite der einzelnen Extremität ist dem Bild nicht zu entnehmen."),
    "contrast_alignment": (
        "Lage der Kontraste",
        "Ein Kontrast scheint {value} mm verschoben, mehr als Patienten sich bewegen; er blieb unverändert.",
    ),
    "signal_fat_fraction": (
        "Art des Fettanteils",
        "Dies ist ein Signal-Fettanteil; er ist nur innerhalb eines Protokolls vergleichbar.",
    ),
    "fat_fraction_above_half": ("Fettanteil über 50 %", "Zwei Beträge unterscheiden Wasser und Fett nicht."),
    "fat_fraction_made_elsewhere": ("Herkunft des Fettanteils", "Der Fettanteil wurde anderswo berechnet."),
    "fat_fraction_noise": ("Rauschen des Fettanteils", "Das Rauschen des Fettanteils ist nicht bekannt."),
    "t1_weighting": ("T1-Wichtung", "T1-Wichtung verschiebt den Fettanteil nach oben."),
    "no_fat_fraction": ("Fettanteil", "Ohne Wasser- und Fettbilder gibt es keinen Fettanteil."),
    "mono_exponential_t2": (
        "T2-Anpassung",
        "T2 wurde als eine Exponentielle angepasst; Fett und stimulierte Echos verlängern es.",
    ),
    "fat_t2": ("T2 des Fetts", "Das T2 des Fetts wurde mit angepasst."),
    "stir_robust_z": ("Bezug heller Voxel", "Verglichen wird mit der übrigen Muskulatur."),
    "stir_reference": ("STIR-Referenz", "Die Referenz kann selbst krank sein."),
    "stir_reference_not_confirmed": (
        "STIR-Referenz",
        "Ein STIR-Verhältnis gibt es erst, wenn der Befunder eine Referenz bestätigt.",
    ),
    "stir_reference_place": (
        "Ort der STIR-Referenz",
        "Die STIR-Referenzen liegen nicht an derselben Stelle eines Beins; Verhältnisse zu verschiedenen "
        "Muskeln sind nicht vergleichbar.",
    ),
    "stir_coverage": (
        "Abdeckung durch STIR",
        "STIR zeigt nur einen Teil der Muskulatur (Anteil {value}); Ödem wird nur dort gemessen.",
    ),
    "stir_after_contrast": ("STIR nach Kontrastmittel", "Nach Kontrastmittelgabe wird kein Ödem gemessen."),
    "contrast_agent_unknown": ("Kontrastmittel", "Ob Kontrastmittel gegeben wurde, ist nicht angegeben."),
    "pelvis": ("Becken", "Schichten, in denen beide Beine verbunden sind, gehören zu keinem der Beine."),
    "weak_contrast": (
        "Kontrast von Muskel und Fett",
        "Muskel und Fett sind fast gleich hell; ihre Grenze ist unsicher.",
    ),
    "carried_groups": ("Übertragene Muskelgruppen", "Übertragene Muskelgruppen liegen schlecht auf dem Muskel."),
}
"""By the name of the check: what it looks at, and what follows where it failed."""


def muscle_check_in_german(check: Mapping[str, Any]) -> str:
    """A check of a document in words; one that is not known here is quoted."""
    name, before = str(check["name"]), ""
    for prefix, scan in _SCANS.items():
        if name not in MUSCLE_SENTENCES and name.startswith(prefix):
            name, before = name.removeprefix(prefix), scan
    if name not in MUSCLE_SENTENCES:
        return f"Prüfung: „{check['message']}“"
    side = _SIDES.get(check["regions"][0].partition("_")[0], "") if check["regions"] else ""
    value = check["value"]
    shown = f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",") if isinstance(value, int | float) else str(value)
    words = MUSCLE_SENTENCES[name][0 if check["ok"] else 1].format(value=shown, side=side)
    return before + words
