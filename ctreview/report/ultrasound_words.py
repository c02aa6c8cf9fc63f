"""What the page of muscle ultrasound says, in English and in German."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ULTRASOUND_WORDS", "note_words"]

ULTRASOUND_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Muscle in ultrasound",
        "no_verdict": "The program measures; it does not say whether muscles are ill. There are no reference values.",
        "right": "right",
        "left": "left",
        "no_side": "side not stated",
        "first_day": "first day",
        "days_later": "{days} days later",
        "day_unknown": "day not known",
        "thickness": "Thickness",
        "area": "Area",
        "grey": "Grey level",
        "pixel": "Pixel, mm (down × across)",
        "image": "Image",
        "side": "Side",
        "when": "When",
        "border": "Below each number: with the border of the region one pixel further in and out.",
        "comparisons": "Comparisons",
        "sides": "left less right, {when}",
        "dates": "{side}, after {days} days",
        "one_day": "one day",
        "days_unknown": "not known whether of one day",
        "compared": "What is compared",
        "images": "Images",
        "difference": "{what}, difference (interval)",
        "asymmetry": "Per cent of sides is 2 (L − R) / (L + R), above 0 where the left is larger; of dates it is the "
        "change over the first.",
        "pictures": "Pictures",
        "pictures_text": "All at one scale, and only what the file calibrates: text around it is left out.",
        "caliper": "The line is where the region is measured in its middle; thickness is the mean of its middle half.",
        "measures": "Measures",
        "repeated": "Measured more than once on one side and day: two single measures differ by less than {thickness} "
        "mm and {grey} grey levels in 95 % of cases (degrees of freedom: {freedom}). That is in the "
        "intervals.",
        "not_repeated": "Each side was measured once a day: by how much a second measure would differ is not known, and"
        " not in the intervals, which hold the border of one pixel alone. Give a file once more with another "
        "region, or another image of that side and day.",
        "none": "Nothing is compared: sides are stated for two images at least, of one day, or of one side on two "
        "days.",
        "limits": "What limits this",
        "gain": "Grey levels compare only at the same gain, depth, focus and probe, which files do not tell.",
        "pressure": "Thickness compares only at the same place, posture and pressure of the probe.",
        "lossy": "A picture was compressed with loss, which smooths speckle: its grey levels may be off.",
        "evidence": "All figures of accuracy come from a phantom.",
    },
    "de": {
        "title": "Muskelsonographie",
        "no_verdict": "Das Programm misst; ob Muskeln krank sind, sagt es nicht. Normwerte werden nicht angewandt.",
        "right": "rechts",
        "left": "links",
        "no_side": "Seite nicht angegeben",
        "first_day": "erster Tag",
        "days_later": "{days} Tage später",
        "day_unknown": "Tag nicht bekannt",
        "thickness": "Dicke",
        "area": "Fläche",
        "grey": "Grauwert",
        "pixel": "Pixel, mm (Tiefe × Breite)",
        "image": "Bild",
        "side": "Seite",
        "when": "Wann",
        "border": "Unter jeder Zahl: mit dem Rand der Region einen Pixel weiter innen und außen.",
        "comparisons": "Vergleiche",
        "sides": "links minus rechts, {when}",
        "dates": "{side}, nach {days} Tagen",
        "one_day": "am selben Tag",
        "days_unknown": "nicht bekannt, ob vom selben Tag",
        "compared": "Was verglichen wird",
        "images": "Bilder",
        "difference": "{what}, Differenz (Intervall)",
        "asymmetry": "Prozent der Seiten ist 2 (L − R) / (L + R), über 0 ist links größer; bei Terminen die Änderung "
        "gegenüber dem ersten.",
        "pictures": "Bilder",
        "pictures_text": "Alle in einem Maßstab, und nur, was die Datei kalibriert: Schrift daneben entfällt.",
        "caliper": "Die Linie zeigt die Region in ihrer Mitte; die Dicke ist das Mittel ihrer mittleren Hälfte.",
        "measures": "Messwerte",
        "repeated": "Mehrfach an einer Seite und einem Tag gemessen: Zwei Einzelmessungen unterscheiden sich in 95 % "
        "der Fälle um weniger als {thickness} mm und {grey} Graustufen (Freiheitsgrade: {freedom}). Das ist "
        "in den Intervallen enthalten.",
        "not_repeated": "Jede Seite wurde je Tag einmal gemessen: Um wie viel eine zweite Messung abwiche, ist nicht "
        "bekannt und nicht in den Intervallen; sie enthalten allein den Rand von einem Pixel. Dafür eine "
        "Datei nochmals mit einer anderen Region angeben, oder ein weiteres Bild derselben Seite und "
        "desselben Tages.",
        "none": "Nichts wird verglichen: Dafür sind Seiten anzugeben, von mindestens zwei Bildern eines Tages, oder"
        " einer Seite an zwei Tagen.",
        "limits": "Was dies einschränkt",
        "gain": "Grauwerte sind nur bei gleicher Verstärkung, Tiefe, gleichem Fokus und Schallkopf vergleichbar; "
        "das steht nicht in den Dateien.",
        "pressure": "Die Dicke ist nur an gleicher Stelle, bei gleicher Lagerung und gleichem Druck vergleichbar.",
        "lossy": "Ein Bild wurde verlustbehaftet komprimiert, was das Speckle-Muster glättet; Grauwerte können "
        "abweichen.",
        "evidence": "Alle Angaben zur Genauigkeit stammen von einem Phantom.",
    },
}
"""Words of the page by language."""

_GERMAN_NOTES = {
    "The picture has colours, which were turned into grey.": "Das Bild hat Farben, die in Grau umgerechnet wurden.",
}


def note_words(note: str, language: str) -> str:
    """A note of `load_ultrasound` in a language."""
    return _GERMAN_NOTES.get(note, note) if language == "de" else note
