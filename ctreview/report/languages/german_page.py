"""What the page says in German for each of its English texts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FACTS_IN_GERMAN", "IN_GERMAN"]

_ANSWERS = {
    "Thorax CT, follow-up of ground glass": "CT des Thorax, Verlauf der Milchglastrübungen",
    "%(n)s days apart": "Abstand %(n)s Tage",
    "1 day apart": "Abstand 1 Tag",
    "age %(years)s years at baseline": "Alter bei der Voraufnahme %(years)s Jahre",
    "What changed": "Was sich geändert hat",
    "Baseline": "Voraufnahme",
    "Follow-up": "Aktuell",
    "baseline": "Voraufnahme",
    "follow-up": "aktuell",
    "Change": "Änderung",
    "mL": "ml",
    "%(percent)s %% of lung": "%(percent)s %% der Lunge",
    "Opacity is %(counted)s together, without %(rest)s.": "Verdichtung meint %(counted)s zusammen, ohne %(rest)s.",
    "vessels": "Gefäße",
    "airway walls": "Bronchialwände",
    "How sure": "Wie sicher das ist",
    "The whole interval is a decrease, and the change exceeds what two scans of one lung may differ by.": "Das ganze "
    "Intervall ist eine Abnahme, und die Änderung ist größer, als zwei Aufnahmen einer Lunge auseinanderliegen können.",
    "The whole interval is an increase, and the change exceeds what two scans of one lung may differ by.": "Das ganze "
    "Intervall ist eine Zunahme, und die Änderung ist größer, als zwei Aufnahmen einer Lunge auseinanderliegen können.",
    "The whole interval lies within the margin of equivalence.": "Das ganze Intervall liegt innerhalb der "
    "Äquivalenzgrenzen.",
    "The interval neither shows a change nor rules one out.": "Das Intervall belegt keine Änderung und schließt keine "
    "aus.",
    "A check forbids a verdict; the numbers are no finding.": "Eine Prüfung lässt keine Aussage zu; die Zahlen sind "
    "kein Befund.",
    "%(percent)s %% sensitivity interval of the change:": "%(percent)s-%%-Sensitivitätsintervall der Änderung:",
    "what moves it most: %(source)s": "am meisten bewegt es: %(source)s",
    "All %(n)s checks passed.": "Alle %(n)s Prüfungen bestanden.",
    "%(failed)s of %(n)s checks failed.": "%(failed)s von %(n)s Prüfungen nicht bestanden.",
    "What was checked": "Was geprüft wurde",
    "Where the rest is": "Wo der Rest liegt",
    "Where it is at follow-up": "Wo aktuell Verdichtungen liegen",
    "Not told, because a check forbids a verdict.": "Keine Angabe, weil eine Prüfung keine Aussage zulässt.",
    "Nothing above the threshold is left.": "Über der Schwelle ist nichts mehr vorhanden.",
    "%(percent)s %% of it": "%(percent)s %% davon",
    "show in the viewer": "in den Schichten zeigen",
    "%(ml)s mL lie elsewhere.": "%(ml)s ml liegen anderswo.",
    "%(scan)s: opacity seen from the front": "%(scan)s: Verdichtungen in der Ansicht von vorn",
    "Opacity seen from the front: the darker, the more of it lies behind one point (darkest: 4 cm or more).": "Ansicht "
    "von vorn: je dunkler, desto mehr Verdichtung liegt hintereinander (am dunkelsten: 4 cm oder mehr).",
    "decreased": "rückläufig",
    "increased": "progredient",
    "unchanged": "unverändert",
    "indeterminate": "weder belegt noch ausgeschlossen",
    "not interpretable": "nicht beurteilbar",
    "to": "bis",
    "and": "und",
}

_PICTURES = {
    "To the pictures": "Zu den Bildern",
    "slice %(n)s of %(of)s": "Schicht %(n)s von %(of)s",
    "slice %(n)s": "Schicht %(n)s",
    "%(letter)s on the left": "%(letter)s ist links",
    "bare": "ohne Umrisse",
    "opacity outlined": "Verdichtungen umrandet",
    "fate outlined": "Verbleib umrandet",
    "Axial, %(share)s %% of the way from the top to the base of the lungs": "Axial, %(share)s %% des Wegs von der "
    "Spitze zur Basis der Lungen",
    "Coronal, %(share)s %% of the way from the front to the back of the lungs": "Koronar, %(share)s %% des Wegs von "
    "vorn nach hinten durch die Lungen",
    "Before and after at the same level": "Vorher und aktuell in gleicher Höhe",
    "Every picture is shown in one lung window (level %(level)s, width %(width)s HU) and at one scale per view, the "
    "patient’s right on the left.": "Alle Bilder im selben Lungenfenster (Zentrum %(level)s, Breite %(width)s HE) und "
    "je Ansicht in einem Maßstab; rechts am Patienten ist links im Bild.",
    "Levels were matched by their share of the lungs’ extent, because the scans could not be registered.": "Die "
    "Schichten sind nach ihrer relativen Höhe in der Lunge zugeordnet, weil sich die Aufnahmen nicht registrieren "
    "ließen.",
    "Levels were matched through the registration; each scan is shown on its own slices.": "Die Schichten sind durch "
    "die Registrierung zugeordnet; jede Aufnahme ist in ihren eigenen Schichten gezeigt.",
    "Opacity": "Verdichtungen",
    "Fate": "Verbleib",
    "Level": "Höhe",
    "axial": "axial",
    "coronal": "koronar",
    "sagittal": "sagittal",
    "Outlines (O)": "Umrisse (O)",
    "none": "keine",
    "opacity": "Verdichtungen",
    "fate": "Verbleib",
    "Border between baseline (left of it) and follow-up (right of it)": "Grenze zwischen Voraufnahme (links davon) "
    "und aktueller Aufnahme (rechts davon)",
    "Drag the border with the mouse, or move it with the arrow keys.": "Die Grenze lässt sich mit der Maus oder den "
    "Pfeiltasten verschieben.",
    "Fate map": "Karte des Verbleibs",
    "All levels side by side": "Alle Höhen nebeneinander",
    "Choose a picture to enlarge it; then the space bar changes between baseline and follow-up, and O hides the "
    "outlines.": "Ein Bild anwählen, um es zu vergrößern; dann wechselt die Leertaste zwischen den Aufnahmen, und O "
    "blendet die Umrisse aus.",
    "the follow-up does not reach this level": "die aktuelle Aufnahme reicht nicht bis hierher",
    "what became of it": "was daraus wurde",
    "new or from before": "neu oder von zuvor",
    "Key images of the reader": "Schlüsselbilder des Befunders",
    "Findings of the reader": "Was der Befunder markiert hat",
    "Enlarged picture": "Vergrößertes Bild",
    "Baseline ⇄ follow-up (space)": "Voraufnahme ⇄ aktuell (Leertaste)",
    "Close (Esc)": "Schließen (Esc)",
    "Look through both scans": "Beide Aufnahmen durchsehen",
    "Reduced volumes, for orientation: no number is measured on them. Click or drag to move the cross of both scans; "
    "the wheel or the arrow keys move through the slices of the chosen picture, Page Up and Page Down by five; O "
    "changes the outlines.": "Verkleinerte Volumina zur Orientierung: keine Zahl ist daran gemessen. Klicken oder "
    "Ziehen bewegt das Kreuz beider Aufnahmen; Mausrad oder Pfeiltasten gehen durch die Schichten des angewählten "
    "Bildes, Bild auf und Bild ab in Fünferschritten; O wechselt die Umrisse.",
    "The registration links the cross of both scans.": "Die Registrierung verbindet das Kreuz beider Aufnahmen.",
    "The scans could not be registered: the cross is linked by its share of the lungs’ extent.": "Die Aufnahmen ließen "
    "sich nicht registrieren: Das Kreuz ist nach seiner relativen Lage in der Lunge verbunden.",
    "to confirm": "zu bestätigen",
}

_TABLES = {
    "Caution: %(failed)s of %(n)s checks": "Vorsicht: %(failed)s von %(n)s Prüfungen",
    "beside those that forbid a verdict": "neben denen, die keine Aussage zulassen",
    "widens the intervals": "macht die Intervalle weiter",
    "By region": "Nach Regionen",
    "Region": "Region",
    "Baseline, mL": "Voraufnahme, ml",
    "Follow-up, mL": "Aktuell, ml",
    "Baseline, mL (share of lung)": "Voraufnahme, ml (Anteil der Lunge)",
    "Follow-up, mL (share of lung)": "Aktuell, ml (Anteil der Lunge)",
    "above": "über",
    "Change, mL (interval)": "Änderung, ml (Intervall)",
    "Change and interval": "Änderung und Intervall",
    "Below threshold, mL": "Unter der Schwelle, ml",
    "Persistent, mL": "Weiterhin, ml",
    "New, mL": "Neu, ml",
    "Verdict": "Aussage",
    "not given": "nicht angegeben",
    "withheld": "nicht angegeben",
    "The verdict of the lungs as a whole is the finding; those of parts are exploratory.": "Die Aussage zu beiden "
    "Lungen zusammen ist der Befund; die zu ihren Anteilen sind explorativ.",
    "“Below threshold” is on the baseline’s grid, “persistent” and “new” are on the follow-up’s.": "„Unter der "
    "Schwelle“ ist im Gitter der Voraufnahme gemessen, „weiterhin“ und „neu“ in dem der aktuellen.",
    "Bars share one scale. Unchanged: the whole interval lies within the margin of equivalence. Indeterminate: it "
    "shows neither a change nor that there is none. Not interpretable: a check that concerns the region stops its "
    "verdict.": "Alle Balken haben einen Maßstab. Unverändert: Das ganze Intervall liegt innerhalb der "
    "Äquivalenzgrenzen. Weder belegt noch ausgeschlossen: Das Intervall zeigt weder eine Änderung noch, dass es keine "
    "gibt. Nicht beurteilbar: Eine Prüfung, die die Region betrifft, lässt keine Aussage zu.",
    "Thirds, halves, core and rim of each region": "Drittel, Hälften, Kern und Rand jeder Region",
    "Dense areas that were judged": "Beurteilte dichte Areale",
    "Dense areas to confirm": "Zu bestätigende dichte Areale",
    "Dense tissue beside the lungs may be lung, fluid or an organ. What is open or dismissed is in no number, interval "
    "or verdict; what a reader accepted is counted by its class: consolidation as opacity, collapse as lung alone, an "
    "effusion as neither.": "Dichtes Gewebe neben den Lungen kann Lunge, Flüssigkeit oder ein Organ sein. Was offen "
    "oder abgelehnt ist, geht in keine Zahl, kein Intervall und keine Aussage ein; was der Befunder angenommen hat, "
    "zählt nach seiner Klasse: Konsolidierung als Verdichtung, Atelektase nur als Lunge, ein Erguss als keines von "
    "beiden.",
    "Open ones are outlined by a dashed line in the pictures.": "Offene sind in den Bildern gestrichelt umrandet.",
    "Dense areas": "Dichte Areale",
    "Where": "Ort",
    "Scan": "Aufnahme",
    "May be": "Kann sein",
    "State": "Stand",
    "Why it is not counted": "Warum es nicht gezählt wird",
    "Id": "Kennung",
    "as %(class)s": "als %(class)s",
    "open": "offen",
    "accepted": "angenommen",
    "dismissed": "abgelehnt",
    "consolidation": "Konsolidierung",
    "collapse": "Atelektase",
    "effusion": "Pleuraerguss",
    "The lungs as a whole": "Die Lungen als Ganzes",
    "Measure": "Messwert",
    "points": "Punkte",
    "HU": "HE",
    "days": "Tage",
    "HFS": "Rückenlage, Kopf voran (HFS)",
    "FFS": "Rückenlage, Füße voran (FFS)",
    "HFP": "Bauchlage, Kopf voran (HFP)",
    "FFP": "Bauchlage, Füße voran (FFP)",
    "Lung volume": "Lungenvolumen",
    "Mean density": "Mittlere Dichte",
    "Opacity (the two together)": "Verdichtungen (beide zusammen)",
    "Opacity (all together)": "Verdichtungen (alle zusammen)",
    "Opacity, share of lung": "Verdichtungen, Anteil an der Lunge",
    "not counted": "nicht gezählt",
    "High attenuation (−600 to −250 HU)": "Hohe Dichte (−600 bis −250 HE)",
    "Density of the lungs": "Dichte der Lungen",
    "Histogram of lung density, baseline and follow-up": "Histogramm der Lungendichte, Voraufnahme und aktuell",
    "Share of the lungs’ voxels in each 10 HU, vessels included.": "Anteil der Lungenvoxel je 10 HE, Gefäße "
    "eingeschlossen.",
    "Check": "Prüfung",
    "Found": "Gefunden",
    "Limit": "Grenze",
    "If it fails": "Wenn nicht bestanden",
    "%(n)s checks that passed": "%(n)s bestandene Prüfungen",
    "Message": "Bedeutung",
    "yes": "ja",
    "no": "nein",
    "unknown": "unbekannt",
    "stops": "keine Aussage",
    "widens": "weiteres Intervall",
    "tells": "Hinweis",
    "What the interval of both lungs rests on": "Worauf das Intervall beider Lungen beruht",
    "Source": "Quelle",
    "Alone ±, mL": "Allein ±, ml",
    "What is varied": "Was variiert wird",
    "Thresholds": "Schwellen",
    "Threshold": "Schwelle",
    "Fixed bands beside it": "Feste Dichtebereiche daneben",
    "Band, HU": "Bereich, HE",
    "Bands of adults, without vessels: they hold healthy lung of children and the partial volume of every border, and "
    "stand here for comparison with other work only.": "Bereiche für Erwachsene, ohne Gefäße: Sie enthalten gesunde "
    "Lunge von Kindern und das Partialvolumen jeder Grenze und dienen nur dem Vergleich mit anderen Arbeiten.",
    "Scans": "Aufnahmen",
    "Fact": "Angabe",
    "Reading the baseline": "Einlesen der Voraufnahme",
    "Reading the follow-up": "Einlesen der aktuellen Aufnahme",
    "Registration": "Registrierung",
    "The scans could not be registered. Volumes stand, each scan judged by itself; what became of each part is "
    "withheld.": "Die Aufnahmen ließen sich nicht registrieren. Die Volumina gelten, jede Aufnahme für sich beurteilt; "
    "was aus einzelnen Anteilen wurde, wird nicht angegeben.",
    "Methods": "Methoden",
    "What these numbers cannot say": "Was diese Zahlen nicht sagen können",
    "Settings, seeds and hashes of the images are in provenance.json, all numbers in change.json.": "Einstellungen, "
    "Startwerte und Prüfsummen der Bilder stehen in provenance.json, alle Zahlen in change.json.",
    "same": "gleich",
    "equal": "gleich",
    "supine": "Rückenlage",
    "prone": "Bauchlage",
    "both without": "beide ohne",
    "both with": "beide mit",
    "common": "gemeinsam",
    "right lung": "rechte Lunge",
    "left lung": "linke Lunge",
    "usual": "wie üblich",
}

_SCORES = {
    "Scores": "Scores",
    "In bold what the reader recorded, in brackets what was proposed. All else is computed from the masks and "
    "confirmed by nobody. Masks show ground glass and consolidation, and no sign of fibrosis.": "Fett steht, was der "
    "Befunder festgehalten hat, in Klammern, was vorgeschlagen war. Alles andere ist aus den Masken berechnet und von "
    "niemandem bestätigt. Masken zeigen Milchglas und Konsolidierung, aber kein Zeichen einer Fibrose.",
    "recorded by the reader, items: %(before)s at baseline, %(after)s at follow-up, of %(n)s": "vom Befunder "
    "festgehalten: %(before)s Angaben der Voraufnahme, %(after)s der aktuellen, von %(n)s",
    "Pattern: 0 none, 1 thick bronchovascular bundles, 2 ground glass, 3 consolidation, 4 and 5 with bronchiectasis, 6 "
    "honeycombing. Extent: 0 none, 1 below 30 %, 2 below 60 %, 3 above. Ground glass of a lobe: 0 none, 1 below 5 %, "
    "2 below 25 %, 3 below 50 %, 4 up to 75 %, 5 above.": "Muster: 0 keines, 1 dicke bronchovaskuläre Bündel, "
    "2 Milchglas, 3 Konsolidierung, 4 und 5 mit Bronchiektasen, 6 Honigwaben. Ausdehnung: 0 keine, 1 unter 30 %, "
    "2 unter 60 %, 3 darüber. Milchglas eines Lappens: 0 keines, 1 unter 5 %, 2 unter 25 %, 3 unter 50 %, 4 bis 75 %, "
    "5 darüber.",
    "Scores, proposed": "Scores, vorgeschlagen",
    "Computed from the masks and confirmed by nobody: a reader confirms each item or gives another. Masks show ground "
    "glass and consolidation, and no sign of fibrosis.": "Aus den Masken berechnet und von niemandem bestätigt: Der "
    "Befunder bestätigt jede Angabe oder gibt eine andere. Masken zeigen Milchglas und Konsolidierung, aber kein "
    "Zeichen einer Fibrose.",
    "Score": "Score",
    "What the masks cannot show": "Was die Masken nicht zeigen",
    "Defined by": "Definiert in",
    "by zone": "je Zone",
    "Item": "Angabe",
    "pattern": "Muster",
    "extent": "Ausdehnung",
    "ground glass": "Milchglas",
    "Alveolar score (Kazerooni, Gay)": "Alveolärer Score (Kazerooni, Gay)",
    "JDM-ILD CT score, by zone": "JDM-ILD-CT-Score, je Zone",
    "Volumetric extent": "Volumetrische Ausdehnung",
    "The interstitial score beside it (septal thickening, honeycombing) is the reader's.": "Der interstitielle Score "
    "daneben (Septenverdickung, Honigwaben) ist Sache des Befunders.",
    "Bronchovascular bundles (1), bronchiectasis (4, 5) and honeycombing (6) are the reader's; zones are thirds of "
    "equal height; no total is formed, because the source at hand does not say how.": "Bronchovaskuläre Bündel (1), "
    "Bronchiektasen (4, 5) und Honigwaben (6) sind Sache des Befunders; die Zonen sind Drittel gleicher Höhe; eine "
    "Summe wird nicht gebildet, weil die vorliegende Quelle nicht sagt, wie.",
    "Reticulation and honeycombing are not in it.": "Retikulation und Honigwaben sind nicht enthalten.",
    "measured from the masks; not the staging of Goh": "an den Masken gemessen; nicht das Staging nach Goh",
    "Histogram, mass and excess mass": "Histogramm, Masse und Überschussmasse",
    "Mean": "Mittelwert",
    "Standard deviation": "Standardabweichung",
    "Skewness": "Schiefe",
    "Kurtosis (normal distribution: 3)": "Wölbung (Normalverteilung: 3)",
    "Percentiles 5 / 25 / 50 / 75 / 95": "Perzentilen 5 / 25 / 50 / 75 / 95",
    "Lung mass": "Lungenmasse",
    "Excess mass of the opacity": "Überschussmasse der Verdichtungen",
    "Of both lungs, vessels included. Excess mass: what the opacity weighs above the normal lung of the same patient "
    "in its place. Blood, growth and contrast agent change mass too.": "Von beiden Lungen, Gefäße eingeschlossen. "
    "Überschussmasse: was die Verdichtungen mehr wiegen als die normale Lunge desselben Patienten an ihrer Stelle. "
    "Auch Blut, Wachstum und Kontrastmittel verändern die Masse.",
    "Left out, because no source at hand gives their weights: the score of Warrick, and a total of the JDM-ILD "
    "score.": "Ausgelassen, weil keine vorliegende Quelle ihre Gewichte nennt: der Score nach Warrick und eine Summe "
    "des JDM-ILD-Scores.",
}

_COURSE = {
    "Thorax CT, course of ground glass": "CT des Thorax, Verlauf der Milchglastrübungen",
    "%(n)s scans of one patient": "%(n)s Aufnahmen eines Patienten",
    "Opacity over time": "Verdichtungen im Verlauf",
    "To the table": "Zur Tabelle",
    "Since the scan before:": "Seit der vorigen Aufnahme:",
    "Opacity of both lungs: ground glass and consolidation together, without vessels, airway walls and what is named "
    "as not counted.": "Verdichtungen beider Lungen: Milchglas und Konsolidierung zusammen, ohne Gefäße, "
    "Bronchialwände und was als nicht gezählt benannt ist.",
    "since %(name)s": "seit %(name)s",
    "In brackets the %(percent)s %% sensitivity interval of the change.": "In Klammern das "
    "%(percent)s-%%-Sensitivitätsintervall der Änderung.",
    "Which": "Welche",
    "Where it is at %(name)s": "Wo Verdichtungen liegen: %(name)s",
    "By region in the table below.": "Nach Regionen in der Tabelle unten.",
    "It is not known when the scans were made: no axis of time is drawn.": "Wann die Aufnahmen erfolgten, ist nicht "
    "bekannt: Eine Zeitachse entfällt.",
    "In brackets behind a volume its share of the lung, behind a change its interval.": "In Klammern steht hinter "
    "einem Volumen sein Anteil der Lunge, hinter einer Änderung ihr Intervall.",
    "Of the last scan against the first:": "Der letzten Aufnahme gegen die erste:",
    "All numbers are in course.csv and patches.csv, settings in provenance.json.": "Alle Zahlen stehen in course.csv "
    "und patches.csv, Einstellungen in provenance.json.",
    "Next scan (space)": "Nächste Aufnahme (Leertaste)",
    "All scans at the same level": "Alle Aufnahmen in gleicher Höhe",
    "Levels were matched through the registration with the first scan; each scan is shown on its own slices.": "Die "
    "Schichten sind durch die Registrierung mit der ersten Aufnahme zugeordnet; jede Aufnahme ist in ihren eigenen "
    "Schichten gezeigt.",
    "Where a scan could not be registered with the first, its levels were matched by their share of the lungs’ "
    "extent.": "Wo sich eine Aufnahme nicht mit der ersten registrieren ließ, sind ihre Schichten nach ihrem Anteil "
    "an der Ausdehnung der Lungen zugeordnet.",
    "Left of the border": "Links der Grenze",
    "Right of the border": "Rechts der Grenze",
    "Border between the two scans": "Grenze zwischen den beiden Aufnahmen",
    "Choose a picture to enlarge it; then the space bar goes to the next scan, and O hides the outlines.": "Ein Bild "
    "anklicken, um es zu vergrößern; dann führt die Leertaste zur nächsten Aufnahme, und O blendet die Umrisse aus.",
    "the scan does not reach this level": "die Aufnahme reicht nicht bis hierher",
    "Look through all scans": "Alle Aufnahmen durchsehen",
    "Reduced volumes, for orientation: no number is measured on them. Click or drag to move the cross of all scans; "
    "the wheel or the arrow keys move through the slices of the chosen picture, Page Up and Page Down by five; O "
    "changes the outlines.": "Verkleinerte Volumina zur Orientierung: An ihnen ist nichts gemessen. Klicken oder "
    "Ziehen bewegt das Fadenkreuz aller Aufnahmen; Mausrad oder Pfeiltasten blättern im gewählten Bild, Bild auf und "
    "Bild ab um fünf Schichten; O wechselt die Umrisse.",
    "day %(n)s": "Tag %(n)s",
    "Each scan against the first and the one before": "Jede Aufnahme gegen die erste und die vorige",
    "Each pair of scans is judged side by side: changes are those of their pair, and no differences of the volumes "
    "above them.": "Jedes Paar von Aufnahmen wird gemeinsam beurteilt: Änderungen sind die des Paars und keine "
    "Differenzen der Volumina darüber.",
    "Patches, each with one identity": "Herde, jeder mit einer Kennung",
    "Patch, and where most of it lies": "Herd, und wo er zum größten Teil liegt",
    "A patch is opacity that hangs together; it may reach over several lobes. Where a patch falls apart, the part that "
    "has most in common with it keeps its number.": "Ein Herd ist zusammenhängende Verdichtung; er kann über mehrere "
    "Lappen reichen. Zerfällt ein Herd, behält der Teil seine Nummer, der am meisten mit ihm gemeinsam hat.",
    "age %(years)s years at the first scan": "Alter bei der ersten Aufnahme %(years)s Jahre",
    "first seen": "zuerst gesehen",
    "new": "neu",
    "persists": "weiterhin vorhanden",
    "split from": "abgeteilt von",
    "merged into": "aufgegangen in",
    "gone": "nicht mehr vorhanden",
    "not linked": "nicht zugeordnet",
    "No patch is large enough to be followed.": "Kein Herd ist groß genug, um verfolgt zu werden.",
    "Checks that failed against the first scan": "Nicht bestandene Prüfungen gegen die erste Aufnahme",
    "Checks that failed against the scan before": "Nicht bestandene Prüfungen gegen die Aufnahme davor",
}

_SOURCES = {
    "threshold": "Schwelle",
    "threshold of each scan": "Schwelle jeder Aufnahme",
    "local threshold": "örtliche Schwelle",
    "keypoints": "Merkmalspunkte",
    "boundary": "Rand",
    "boundary of each scan": "Rand in jeder Aufnahme",
    "mask": "Lungengrenze",
    "borders of parts": "Grenzen der Anteile",
    "dense tissue": "dichtes Gewebe",
    "kernel": "Faltungskern",
    "sharpness": "Bildschärfe",
    "slice thickness": "Schichtdicke",
    "noise": "Rauschen",
    "slice gaps": "Schichtlücken",
    "air calibration": "Eichung an Luft",
    "contrast agent": "Kontrastmittel",
    "unknown age": "unbekanntes Alter",
    "growth": "Wachstum",
    "overlooked opacity": "übersehene Verdichtungen",
    "inspiration": "Atemtiefe",
    "dependent opacity": "lageabhängige Verdichtung",
    "streaks": "Streifenartefakte",
    "the threshold of both scans together": "die Schwelle beider Aufnahmen zusammen",
    "the threshold of each scan on its own": "die Schwelle jeder Aufnahme für sich",
    "thresholds that are off in one place and not in another": "Schwellen, die an einem Ort abweichen und an einem "
    "anderen nicht",
    "the boundary of opacity, in both scans together": "der Rand der Verdichtungen, in beiden Aufnahmen zusammen",
    "the boundary of opacity in each scan on its own": "der Rand der Verdichtungen in jeder Aufnahme für sich",
    "the boundary between opacity and vessels": "die Grenze zwischen Verdichtungen und Gefäßen",
    "the boundary of the organ": "die Grenze der Lunge",
    "borders between parts of the organ where they are not seen, in each scan": "Grenzen zwischen Anteilen der Lunge, "
    "wo sie nicht zu sehen sind, in jeder Aufnahme",
    "dense tissue against what surrounds the organ, told from it by shape alone": "dichtes Gewebe gegen die Umgebung "
    "der Lunge, von der es nur die Form unterscheidet",
    "unlike kernels, where the images do not tell how sharp they are": "verschiedene Faltungskerne, wo die Bilder ihre "
    "Schärfe nicht verraten",
    "unlike sharpness within slices: the sharper scan measured again as blurred as the other": "verschiedene "
    "Bildschärfe: die schärfere Aufnahme, so unscharf wie die andere noch einmal gemessen",
    "unlike slices: the scan of thinner ones measured again with those of the other": "verschiedene Schichten: die "
    "Aufnahme mit den dünneren, mit denen der anderen noch einmal gemessen",
    "unlike noise: the less noisy scan measured again as noisy as the other": "verschiedenes Rauschen: die Aufnahme "
    "mit weniger Rauschen, so verrauscht wie die andere noch einmal gemessen",
    "what lies between slices and was not imaged": "was zwischen den Schichten liegt und nicht abgebildet wurde",
    "the HU scale of one scan against that of the other, air taken off": "die HE-Skala der einen Aufnahme gegen die "
    "der anderen, nach Abzug von Luft",
    "contrast agent in one scan alone, or blood that reads otherwise": "Kontrastmittel in nur einer Aufnahme, oder "
    "Blut mit anderem Messwert",
    "normal density of lungs as small as a child's, whose age is not known": "die normale Dichte so kleiner Lungen wie "
    "bei Kindern, deren Alter nicht bekannt ist",
    "how much of the change of a child's lung volume is growth and no deeper breath": "wie viel der Änderung eines "
    "kindlichen Lungenvolumens Wachstum ist und keine tiefere Einatmung",
    "opacity too faint, small or flat to be found, and what only looks like it, in each scan": "Verdichtungen, die zu "
    "blass, klein oder flach sind, um gefunden zu werden, und was nur so aussieht, in jeder Aufnahme",
    "another way to read the numbers: what is not counted and may be disease, or another depth of breath": "eine "
    "andere Lesart: was nicht gezählt ist und Krankheit sein kann, oder eine andere Atemtiefe",
}

IN_GERMAN: Mapping[str, str] = MappingProxyType({**_ANSWERS, **_PICTURES, **_TABLES, **_SCORES, **_COURSE, **_SOURCES})
"""Texts of the templates and of the modules that fill them, with ``%(name)s`` where a value belongs."""

FACTS_IN_GERMAN: Mapping[str, str] = MappingProxyType(
    {
        "Aerated": "Belüftet",
        "Acquired": "Aufgenommen",
        "Added lung": "Hinzugefügte Lunge",
        "Age known": "Alter bekannt",
        "Age of small lungs": "Alter bei kleinen Lungen",
        "Age, years": "Alter, Jahre",
        "Air around the body, difference": "Luft um den Körper, Unterschied",
        "Airway found": "Atemwege gefunden",
        "Bullae": "Bullae",
        "Common field of view": "Gemeinsames Bildfeld",
        "Consolidated": "Konsolidiert",
        "Consolidation from, HU": "Konsolidierung ab, HE",
        "Contrast": "Kontrastmittel",
        "Contrast agent named": "Kontrastmittel angegeben",
        "Dense candidates": "Dichte Areale",
        "Dense lung recovered": "Dichte Lunge zurückgewonnen",
        "Distance of keypoints (median), mm": "Abstand der Merkmalspunkte (Median), mm",
        "Edits": "Korrekturen",
        "Edits of other scans": "Korrekturen anderer Aufnahmen",
        "Emphysema like": "Emphysemartig",
        "Engine": "Verfahren",
        "Engine lobes borders": "Lappen eines Fremdverfahrens: Grenzen",
        "Engine lobes parts": "Lappen eines Fremdverfahrens: Anteile",
        "Engine lobes pieces": "Lappen eines Fremdverfahrens: Stücke",
        "Engine lobes shares": "Lappen eines Fremdverfahrens: Größen",
        "Engine lungs parts": "Lungen eines Fremdverfahrens: Anteile",
        "Engine lungs pieces": "Lungen eines Fremdverfahrens: Stücke",
        "Ground glass begins above normal lung by, HU": "Milchglas beginnt über der normalen Lunge um, HE",
        "Gas under diaphragm": "Gas unter dem Zwerchfell",
        "Ground glass": "Milchglas",
        "Ground glass from, HU": "Milchglas ab, HE",
        "Growth": "Wachstum",
        "Air in the trachea, difference": "Luft in der Trachea, Unterschied",
        "Soft tissue of the heart, difference": "Weichgewebe des Herzens, Unterschied",
        "High attenuation": "Hohe Dichte",
        "Inverse inconsistency, mm": "Abweichung der Gegenrichtung, mm",
        "Kernel": "Faltungskern",
        "Laterality": "Seite",
        "Left lung bronchi": "Bronchien der linken Lunge",
        "Left lung lobes": "Lappen der linken Lunge",
        "Left oblique fissure": "Linker Lappenspalt",
        "Local volume ratio, 1st percentile": "Örtliches Volumenverhältnis, 1. Perzentile",
        "Local volume ratio, 99th percentile": "Örtliches Volumenverhältnis, 99. Perzentile",
        "Local volume ratio, median": "Örtliches Volumenverhältnis, Median",
        "Lone dense left out": "Einzelne dichte Stücke ausgenommen",
        "Lossy compression": "Verlustbehaftete Kompression",
        "Lung size": "Größe der Lungen",
        "Lung touches border": "Lunge am Bildrand",
        "Lung touches field of view": "Lunge am Rand des Bildfelds",
        "Lung volume plausible": "Plausibles Lungenvolumen",
        "Lung volume ratio (limit: how far from 1)": "Verhältnis der Lungenvolumina (Grenze: Abstand von 1)",
        "Lung volume ratio as measured": "Gemessenes Verhältnis der Lungenvolumina",
        "Lung volume ratio by registration": "Verhältnis der Lungenvolumina nach Registrierung",
        "Lungs alike": "Lungen gleich dicht",
        "Lungs cut alike": "Lungen gleich angeschnitten",
        "Manufacturer": "Hersteller",
        "Mediastinal air": "Luft im Mediastinum",
        "Modality": "Modalität",
        "Noise, ratio": "Rauschen, Verhältnis",
        "Normal lung of both scans, difference": "Normale Lunge beider Aufnahmen, Unterschied",
        "Normal lung share": "Anteil normaler Lunge",
        "Density of normal lung, HU": "Dichte der normalen Lunge, HE",
        "One lung": "Beide Lungen gefunden",
        "Opacity in field of view": "Verdichtungen im Bildfeld",
        "From baseline to follow-up": "Von der Voraufnahme zur aktuellen",
        "Overlap of the lungs (Dice)": "Überdeckung der Lungen (Dice)",
        "Part consolidated": "Teilweise konsolidiert",
        "Pleural fluid": "Pleuraflüssigkeit",
        "Pneumothorax": "Pneumothorax",
        "Posture": "Lagerung",
        "Posture known": "Lagerung bekannt",
        "Registration": "Registrierung",
        "Registration folding": "Registrierung: Faltung",
        "Registration inverse": "Registrierung: Gegenrichtung",
        "Registration matched": "Registrierung: wiedergefunden",
        "Registration overlap": "Registrierung: Überdeckung",
        "Registration volume": "Registrierung: Volumen",
        "Blur of the less sharp scan": "Unschärfe der unschärferen Aufnahme",
        "Right lung bronchi": "Bronchien der rechten Lunge",
        "Right lung lobes": "Lappen der rechten Lunge",
        "Right minor fissure": "Kleiner Lappenspalt",
        "Right oblique fissure": "Rechter großer Lappenspalt",
        "Rule": "Regel",
        "Same parts": "Dieselben Anteile",
        "Same patient": "Derselbe Patient",
        "Same patient stated": "Derselbe Patient, angegeben",
        "Scanner": "Gerät",
        "Series": "Serie",
        "Share of keypoints matched within 2.3 mm": "Anteil der auf 2,3 mm wiedergefundenen Merkmalspunkte",
        "Share of the lungs that folds": "Anteil der Lungen mit Faltung",
        "Sharpness, ratio": "Bildschärfe, Verhältnis",
        "Side of single lung": "Seite der einzelnen Lunge",
        "Slice gap": "Schichtlücke",
        "Slice thickness, ratio": "Schichtdicke, Verhältnis",
        "Slice thickness, mm": "Schichtdicke, mm",
        "Spacing (head, posterior, left), mm": "Abstand (kopfwärts, hinten, links), mm",
        "Streaks": "Streifenartefakte",
        "Tube current × time, mAs": "Röhrenstrom × Zeit, mAs",
        "Tube voltage, difference": "Röhrenspannung, Unterschied",
        "Tube voltage, kV": "Röhrenspannung, kV",
        "Voxels (head, posterior, left)": "Voxel (kopfwärts, hinten, links)",
        "Patient id": "Patient: ID",
        "Patient name": "Patient: Name",
        "Patient birth date": "Patient: Geburtsdatum",
        "Patient sex": "Patient: Geschlecht",
    }
)
"""Names of facts and checks, by the words of `ctreview.report.rows.key_in_words`."""
