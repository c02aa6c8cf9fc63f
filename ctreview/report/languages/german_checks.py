"""What a failed check means, in German."""

from __future__ import annotations

from ctreview.checks import Check

__all__ = ["check_in_german"]

SCANS = {"baseline_": "Voraufnahme: ", "followup_": "Aktuelle Aufnahme: "}
"""What a check of one scan alone is called, and how its sentence begins."""

SIDES = {"right_lung": " rechts", "left_lung": " links"}
"""The side that a check is about."""

WORDS = {
    "usual/mirrored": "Voraufnahme links, aktuell rechts",
    "mirrored/usual": "Voraufnahme rechts, aktuell links",
    "mirrored": "in beiden rechts",
}
"""Values that are words."""

OTHER_REASON = "; die Dichte kann aus einem anderen Grund als durch Krankheit verschieden sein."

SENTENCES = {
    "same_patient": "Die Kopfdaten der beiden Aufnahmen nennen verschiedene Patienten.",
    "same_patient_stated": "Die Kopfdaten nennen den Patienten verschieden; dass es derselbe ist, wurde bei der "
    "Auswertung angegeben.",
    "contrast": "Eine Aufnahme erfolgte mit, die andere ohne Kontrastmittel; es verdichtet Lunge und Gefäße.",
    "posture": "Die Lagerung ist verschieden; lageabhängige Verdichtungen folgen der Schwerkraft.",
    "tube_voltage": "Die Röhrenspannungen sind verschieden.",
    "slice_thickness": "Die Schichtdicken sind verschieden; dickere Schichten verwischen kleine Gefäße und feine "
    "Verdichtungen.",
    "kernel": "Die Faltungskerne sind verschieden; das allein verschiebt Dichtemaße um bis zu 14 %.",
    "sharpness": "Die Bildschärfe ist verschieden (Verhältnis {value}); Unschärfe verteilt Gefäße und Wände in die "
    "Lunge daneben.",
    "resolution": "Die unschärfere Aufnahme hat eine Unschärfe von {value} mm; Gefäße verschwimmen mit der Lunge "
    "daneben.",
    "noise": "Das Bildrauschen ist verschieden (Verhältnis {value}); darin gehen blasse Verdichtungen unter.",
    "slice_gap": "Zwischen den Schichten sind bis zu {value} mm nicht abgebildet.",
    "air_around_the_body": "Die Luft um den Körper unterscheidet sich um {value} HE" + OTHER_REASON,
    "scanner": "Die Aufnahmen stammen von verschiedenen Geräten.",
    "lossy_compression": "Mindestens eine Aufnahme wurde verlustbehaftet komprimiert, was Dichten verändert.",
    "same_parts": "Nur eine der beiden Aufnahmen zeigt beide Lungen; das Ganze ist nicht vergleichbar.",
    "order_of_scans": "Die Verlaufsaufnahme ist älter als die Voraufnahme; die Reihenfolge ist umgekehrt.",
    "growth": "Die kindliche Lunge ist in der Zwischenzeit um etwa {value} % gewachsen; Anteile am Lungenvolumen sind "
    "aussagekräftiger als Milliliter.",
    "lung_volume_ratio": "Die Lungenvolumina verhalten sich wie {value} zu 1; schon der Atem verschiebt die Dichte.",
    "hu_of_air_in_the_trachea": "Die Luft der Trachea unterscheidet sich um {value} HE" + OTHER_REASON,
    "hu_of_soft_tissue_of_the_heart": "Das Weichgewebe des Herzens unterscheidet sich um {value} HE" + OTHER_REASON,
    "common_field_of_view": "{value} % der Lunge{side} liegen außerhalb des Bildfelds einer der beiden Aufnahmen.",
    "lungs_cut_alike": "Der Bildrand schneidet die Lunge{side} nur in einer der beiden Aufnahmen an.",
    "opacity_in_field_of_view": "{value} % der Verdichtungen liegen außerhalb des Bildfelds der anderen Aufnahme; ob "
    "sie sich geändert haben, ist unbekannt.",
    "laterality": "Das Herz liegt nicht in beiden Aufnahmen links ({value}): Mindestens eine Aufnahme ist "
    "seitenverkehrt, oder es besteht ein Situs inversus.",
    "age_of_small_lungs": "Das Alter ist nicht bekannt, und die Lunge ist so klein ({value} ml) wie die eines Kindes, "
    "die dichter ist.",
    "registration": "Die Aufnahmen ließen sich nicht ausreichend registrieren; nur die Volumina gelten.",
    "registration_folding": "Die Registrierung faltet den Raum; was dort aus dem Gewebe wurde, ist nicht zu sagen.",
    "registration_overlap": "Die Umrisse der Lungen decken sich nicht.",
    "registration_matched": "Die meisten Strukturen wurden in der anderen Aufnahme nicht wiedergefunden.",
    "registration_volume": "Die Registrierung erklärt die gemessene Änderung des Lungenvolumens nicht.",
    "registration_inverse": "Die Registrierung in Gegenrichtung weicht ab.",
    "one_lung": "Es wurde nur eine Lunge gefunden; alle Zahlen gelten für diese allein.",
    "side_of_single_lung": "Die Seite der einzelnen Lunge ist unsicher.",
    "lung_touches_border": "Die Lunge reicht an den Bildrand; was jenseits liegt, ist nicht gezählt.",
    "lung_volume_plausible": "Das Lungenvolumen von {value} ml ist nicht plausibel.",
    "lung_touches_field_of_view": "Die Lunge reicht an den Rand des Bildfelds; was jenseits liegt, ist nicht gezählt.",
    "lung_size": "Das Lungenvolumen von {value} ml passt nicht zu Alter oder Größe; das Alter ist falsch, oder die "
    "Lungen im Bild gehören jemand anderem.",
    "airway_found": "Die Trachea wurde nicht gefunden; große Atemwege können als Lunge zählen.",
    "pleural_fluid": "{value} ml zwischen Lunge und Rippen sind so dicht wie Flüssigkeit und zählen nicht zur Lunge.",
    "gas_under_diaphragm": "{value} ml Gas unter dem Zwerchfell (Magen, Darm oder freies Gas) zählen nicht zur Lunge; "
    "nur eine dünne Wand trennt sie davon.",
    "pneumothorax": "{value} ml Gas zwischen Lunge und Rippen sind ein Pneumothorax und zählen nicht zur Lunge.",
    "mediastinal_air": "{value} ml Luft liegen im Mediastinum neben den Atemwegen (Ösophagus oder frei).",
    "bullae": "{value} ml Gas in der Lunge sind Bullae; sie zählen zum Lungenvolumen.",
    "dense_candidates": "{value} ml dichtes Gewebe neben der Lunge können Lunge oder Flüssigkeit sein und zählen "
    "nicht, solange der Befunder sie nicht annimmt.",
    "age_known": "Das Alter ist nicht bekannt; beurteilt wird wie bei Erwachsenen, kindliche Lunge ist dichter.",
    "posture_known": "Die Lagerung ist nicht bekannt; Rückenlage ist angenommen.",
    "normal_lung_share": "Zu wenig Lunge ist von normaler Dichte, um sie am Patienten selbst festzulegen.",
    "right_oblique_fissure": "Der rechte große Lappenspalt ist zu {value} % zu sehen: verdeckt oder nicht ausgebildet, "
    "oder ein Lappen fehlt. Die Grenzen der rechten Lappen sind nicht genau genug bekannt.",
    "right_minor_fissure": "Der kleine Lappenspalt ist zu {value} % zu sehen: verdeckt oder nicht ausgebildet, oder "
    "ein Lappen fehlt. Die Grenze von rechtem Ober- und Mittellappen ist nicht genau genug bekannt.",
    "left_oblique_fissure": "Der linke Lappenspalt ist zu {value} % zu sehen: verdeckt oder nicht ausgebildet, oder "
    "ein Lappen fehlt. Die Grenze der linken Lappen ist nicht genau genug bekannt.",
    "right_lung_lobes": "Ein Lappen der rechten Lunge wäre ungewöhnlich klein oder groß: Er fehlt oder ist kollabiert, "
    "oder ein Lappenspalt wurde nicht an seinem Ort gefunden.",
    "left_lung_lobes": "Ein Lappen der linken Lunge wäre ungewöhnlich klein oder groß: Er fehlt oder ist kollabiert, "
    "oder ein Lappenspalt wurde nicht an seinem Ort gefunden.",
    "right_lung_bronchi": "Bronchien eines Lappens der rechten Lunge liegen in einem anderen Lappen: Ein Lappenspalt "
    "wurde nicht an seinem Ort gefunden.",
    "left_lung_bronchi": "Bronchien eines Lappens der linken Lunge liegen in einem anderen Lappen: Ein Lappenspalt "
    "wurde nicht an seinem Ort gefunden.",
    "engine_lobes_borders": "Die Lappen stammen von {value}; wie viel der Lappenspalten zu sehen ist, wurde "
    "nicht geprüft.",
    "engine_lobes_parts": "Nicht alle Lappen wurden gefunden.",
    "engine_lobes_pieces": "Ein Lappen besteht aus mehreren Stücken.",
    "engine_lobes_shares": "Ein Lappen ist ungewöhnlich groß oder klein.",
    "engine_lungs_parts": "Nicht beide Lungen wurden gefunden.",
    "engine_lungs_pieces": "Eine Lunge besteht aus mehreren Stücken.",
    "lungs_alike": "Eine Lunge ist um {value} HE weniger dicht als die andere und lufthaltiger als eine gesunde; "
    "maßgeblich war die andere.",
    "streaks": "In {value} ml Lunge liegen Streifenartefakte von Metall oder unverdünntem Kontrastmittel; schwächere "
    "Trübung ist dort nicht davon zu unterscheiden.",
    "normal_lung_agreement": "Die normale Lunge beider Aufnahmen unterscheidet sich um {value} HE.",
    "added_lung": "Nachgetragene Lunge behält die Dichtegrenzen von damals; sonst gelten jetzt andere.",
    "edits_of_other_scans": "{value} Korrekturen des Befunders betreffen andere Aufnahmen und entfielen.",
    "edits": "{value} Korrekturen des Befunders sind nicht mehr anwendbar und blieben unberücksichtigt.",
}

NOT_KNOWN = {
    "common_field_of_view": "Ob beide Aufnahmen denselben Teil der Lunge{side} zeigen, ist ohne Registrierung nicht "
    "bekannt.",
    "opacity_in_field_of_view": "Ob die andere Aufnahme alle Verdichtungen zeigt, ist ohne Registrierung nicht "
    "bekannt.",
}
"""What a check means that failed because nothing could be measured."""


def check_in_german(check: Check) -> str:
    """The sentence of a failed check; one that is not known here is quoted."""
    name, before = check.name, ""
    for prefix, scan in SCANS.items():
        if name not in SENTENCES and name.startswith(prefix):
            name, before = name.removeprefix(prefix), scan
    if name not in SENTENCES:
        return f"Nicht bestandene Prüfung: „{check.message}“"
    value = f"{check.value:.2f}".rstrip("0").rstrip(".") if isinstance(check.value, int | float) else str(check.value)
    side = SIDES.get(check.regions[0], "") if check.regions else ""
    value = WORDS.get(value, value.replace(".", ",").replace("-", "−"))
    sentence = NOT_KNOWN.get(name, SENTENCES[name]) if check.value is None else SENTENCES[name]
    return before + sentence.format(value=value, side=side)
