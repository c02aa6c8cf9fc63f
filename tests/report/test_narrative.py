"""Reports in words: what they say, and what they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ctreview.change import Comparison, Interval, RegionChange
from ctreview.change.residual import Residual, Share
from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.german_checks import SENTENCES, check_in_german
from ctreview.report.languages.german_places import place, place_in
from ctreview.report.narrative import narrate

REPOSITORY = Path(__file__).resolve().parents[2]
POSTURE = Check("posture", "supine/prone", "same", False, "One was acquired supine, the other prone.", effect="stops")


def part(text: str, heading: str) -> list[str]:
    """The lines under a heading."""
    return text.split(f"{heading}\n", 1)[1].split("\n\n", 1)[0].splitlines()


def with_whole(comparison: Comparison, verdict: str, glass: tuple[float, float], interval: Interval) -> Comparison:
    """The comparison with other numbers of both lungs, ground glass only."""
    old = comparison.regions[0]
    before, after = (
        replace(one, classes_ml={"ground_glass": ml, "consolidation": 0.0}, opacity_ml=ml, opacity_percent=ml / 20)
        for one, ml in zip((old.baseline, old.followup), glass, strict=True)
    )
    whole = RegionChange("lungs", before, after, {**old.change, "opacity_ml": interval}, old.fate_ml, verdict)  # type: ignore[arg-type]
    return replace(comparison, regions=(whole, *comparison.regions[1:]))


def test_what_decreased(comparison: Comparison) -> None:
    text = narrate(comparison)
    assert part(text, "FINDINGS")[1] == (
        "Both lungs: opacity 75 mL (2.9 %) at baseline, 11 mL (0.4 %) at follow-up; change −64 mL (−70 to −58 mL): "
        "decreased."
    )
    assert part(text, "IMPRESSION") == [
        "Ground glass and consolidation of both lungs have decreased by 64 mL over 62 days (95 % sensitivity interval "
        "of the change −70 to −58 mL).",
        "11.4 mL are left: 82 % in the right lung; 18 % in the left lung (100 % of that in its apical third).",
        "8.3 mL at follow-up lie where there was none before (no interval).",
    ]


def test_what_decreased_in_german(comparison: Comparison) -> None:
    text = narrate(comparison, "de")
    assert part(text, "BEFUND")[1:4] == [
        "Beide Lungen: Verdichtungen 75 ml (2,9 %), aktuell 11 ml (0,4 %); "
        "Änderung −64 ml (−70 bis −58 ml): rückläufig.",
        "Rechte Lunge: Verdichtungen 75 ml (5,5 %), aktuell 9,3 ml (0,7 %); "
        "Änderung −66 ml (−72 bis −60 ml): rückläufig.",
        "Linke Lunge: Verdichtungen 0 ml (0 %), aktuell 2,1 ml (0,2 %); "
        "Änderung +2,1 ml (−3,9 bis +8,1 ml): unverändert "
        "im Rahmen der Messgenauigkeit.",
    ]
    assert part(text, "BEURTEILUNG") == [
        "Milchglastrübungen und Konsolidierungen beider Lungen innerhalb von 62 Tagen um 64 ml rückläufig "
        "(95-%-Sensitivitätsintervall der Änderung −70 bis −58 ml).",
        "Verblieben sind 11,4 ml: 82 % in der rechten Lunge; 18 % in der linken Lunge "
        "(davon 100 % im apikalen Drittel).",
        "Aktuell 8,3 ml an Stellen, an denen zuvor keine Verdichtung war (ohne Intervall).",
    ]


def test_what_increased(comparison: Comparison) -> None:
    more = with_whole(comparison, "increased", (4.0, 12.4), Interval(8.4, 2.1, 14.2))
    assert part(narrate(more), "IMPRESSION")[0] == (
        "Ground glass of both lungs has increased by 8.4 mL over 62 days (95 % sensitivity interval of the change "
        "+2 to +14 mL)."
    )
    assert part(narrate(more, "de"), "BEURTEILUNG")[0] == (
        "Milchglastrübungen beider Lungen innerhalb von 62 Tagen um 8,4 ml progredient "
        "(95-%-Sensitivitätsintervall der Änderung +2 bis +14 ml)."
    )
    assert "left" not in " ".join(part(narrate(more), "IMPRESSION"))


def test_what_is_unchanged(comparison: Comparison) -> None:
    same = with_whole(replace(comparison, interval_days=1), "unchanged", (60.0, 57.0), Interval(-3.0, -9.0, 4.0))
    assert part(narrate(same), "IMPRESSION")[0] == (
        "No change of ground glass beyond measurement error over 1 day (change −3.0 mL; 95 % sensitivity interval of "
        "the change −9.0 to +4.0 mL)."
    )
    assert part(narrate(same, "de"), "BEURTEILUNG")[0] == (
        "Milchglastrübungen innerhalb von 1 Tag unverändert im Rahmen der Messgenauigkeit (Änderung −3,0 ml; "
        "95-%-Sensitivitätsintervall der Änderung −9,0 bis +4,0 ml)."
    )
    for text in (narrate(same), narrate(same, "de")):
        assert not re.search(r"has decreased|have decreased|Lungen .*um \d+ ml rückläufig", text)


@pytest.mark.parametrize(
    ("language", "impression", "finding", "reason", "headings"),
    [
        (
            "en",
            "The change of opacity over 62 days cannot be interpreted.",
            "The change of opacity cannot be interpreted, and no numbers are given as findings. "
            "One was acquired supine, the other prone.",
            "- One was acquired supine, the other prone.",
            ("FINDINGS", "IMPRESSION", "LIMITATIONS"),
        ),
        (
            "de",
            "Die Änderung der Verdichtungen innerhalb von 62 Tagen ist nicht beurteilbar.",
            "Die Änderung der Verdichtungen ist nicht beurteilbar; Zahlen werden nicht als Befund angegeben. "
            "Die Lagerung ist verschieden; lageabhängige Verdichtungen folgen der Schwerkraft.",
            "- Die Lagerung ist verschieden; lageabhängige Verdichtungen folgen der Schwerkraft.",
            ("BEFUND", "BEURTEILUNG", "EINSCHRÄNKUNGEN"),
        ),
    ],
)
def test_what_cannot_be_interpreted_has_no_number(
    comparison: Comparison, language: str, impression: str, finding: str, reason: str, headings: tuple[str, str, str]
) -> None:
    regions = tuple(replace(region, verdict="not_interpretable") for region in comparison.regions)
    text = narrate(replace(comparison, regions=regions, checks=(POSTURE, *comparison.checks)), language)
    assert part(text, headings[0]) == [finding]
    assert part(text, headings[1]) == [impression, reason.removeprefix("- ")]
    assert reason in part(text, headings[2])
    assert not re.search(r"\d ?m[lL]\b", text)


@pytest.mark.parametrize(
    ("language", "heading", "words"),
    [("en", "IMPRESSION", "neither shown nor ruled out"), ("de", "BEURTEILUNG", "weder belegt noch ausgeschlossen")],
)
def test_what_is_indeterminate_is_said_so_and_never_as_no_change(comparison, language, heading, words) -> None:
    regions = tuple(replace(region, verdict="indeterminate") for region in comparison.regions)
    said = part(narrate(replace(comparison, regions=regions), language), heading)[0]
    assert words in said
    assert "unverändert" not in said
    assert "No change" not in said


def test_failed_checks_stand_among_the_limitations_and_accepted_ones_do_not(comparison: Comparison) -> None:
    said = part(narrate(comparison), "LIMITATIONS")
    assert said[0] == "- The kernels differ: density may be off by 14 %."
    assert "filled alike" not in " ".join(said)
    assert part(narrate(comparison, "de"), "EINSCHRÄNKUNGEN")[0] == (
        "- Die Faltungskerne sind verschieden; das allein verschiebt Dichtemaße um bis zu 14 %."
    )


def test_nothing_to_be_seen(healthy: Comparison) -> None:
    assert part(narrate(healthy), "IMPRESSION") == ["No opacity above the threshold, and no change of it over 62 days."]
    assert part(narrate(healthy, "de"), "BEURTEILUNG") == [
        "Keine Verdichtungen über der Schwelle, innerhalb von 62 Tagen auch keine Änderung."
    ]


def test_without_a_registration_fate_is_withheld(unregistered: Comparison) -> None:
    assert "what became of each part is not reported" in narrate(unregistered)
    assert "wird nicht angegeben" in narrate(unregistered, "de")
    assert "lie where there was none before" not in narrate(unregistered)


@pytest.mark.parametrize(
    ("language", "draft", "signed"), [("en", "DRAFT", "Signed by anna"), ("de", "ENTWURF", "Signiert von anna")]
)
def test_a_draft_says_so_until_it_is_signed(comparison: Comparison, language: str, draft: str, signed: str) -> None:
    assert narrate(comparison, language).startswith(draft)
    text = narrate(comparison, language, signed={"reader": "anna", "time": "2021-11-09T10:30:00+00:00"})
    assert text.startswith(f"{signed}, 2021-11-09 10:30 UTC. ")
    assert draft not in text


@dataclass(frozen=True)
class Mark:
    type: str
    timepoint: int
    region: str
    text: str = ""
    long_mm: float | None = None
    short_mm: float | None = None
    state: str = "seen"


def test_findings_that_were_marked(comparison: Comparison) -> None:
    marks = (
        Mark("spot", 1, "right_lung/middle", long_mm=12.25, short_mm=8.0),
        Mark("reticulation", 2, "left_lung", "Slightly more than before."),
        Mark("free text", 2, "", "Thymus normal."),
    )
    assert part(narrate(comparison, findings=marks), "FINDINGS")[-3:] == [
        "Spot in the middle third of the right lung at baseline: 12 × 8 mm.",
        "Reticulation in the left lung at follow-up. Slightly more than before.",
        "Remark at follow-up. Thymus normal.",
    ]
    assert part(narrate(comparison, "de", findings=marks), "BEFUND")[-3:] == [
        "Fleckige Verdichtung im mittleren Drittel der rechten Lunge in der Voraufnahme: 12 × 8 mm.",
        "Retikuläre Verdichtungen in der linken Lunge aktuell. Slightly more than before.",
        "Bemerkung aktuell. Thymus normal.",
    ]


@pytest.mark.parametrize(
    ("timepoint", "english", "german"),
    [
        (2, "at follow-up: no longer seen.", "aktuell: nicht mehr nachweisbar."),
        (1, "at baseline: not seen yet.", "in der Voraufnahme: noch nicht nachweisbar."),
    ],
)
def test_a_finding_that_is_not_seen_is_said_so(
    comparison: Comparison, timepoint: int, english: str, german: str
) -> None:
    gone = (Mark("nodule", timepoint, "left_lung", state="not_seen"),)
    assert part(narrate(comparison, findings=gone), "FINDINGS")[-1] == f"Nodule in the left lung {english}"
    said = part(narrate(comparison, "de", findings=gone), "BEFUND")[-1]
    assert said == f"Rundherd in der linken Lunge {german}"


def test_the_crosshairs_words_for_a_place_are_german_in_german() -> None:
    assert place_in("right lung, apical, ventral, peripheral") == "in der rechten Lunge, apikal, ventral, peripher"
    assert place_in("right middle lobe, central") == "im Mittellappen, zentral"


def test_how_the_scans_were_made(comparison: Comparison) -> None:
    facts = {"kvp": 120.0, "kernel": "B40f", "slice_thickness_mm": 0.6, "contrast": False, "posture": "HFS"}
    other = replace(comparison, followup=replace(comparison.followup, facts=facts))
    assert "Follow-up: 120 kV, kernel B40f, slices of 0.6 mm, without contrast agent, supine." in narrate(other)
    assert "Aktuell: 120 kV, Faltungskern B40f, Schichtdicke 0,6 mm, ohne Kontrastmittel, Rückenlage." in narrate(
        other, "de"
    )
    bare = replace(other, baseline=replace(comparison.baseline, facts={}), transform=None)
    assert "Baseline: protocol not known." in narrate(bare)
    assert "after registration" not in narrate(bare)
    assert "after registration" in narrate(other)


@pytest.mark.parametrize(
    ("days", "english", "german"),
    [
        (62, "CT 62 days earlier.", "CT 62 Tage zuvor."),
        (-3, "reverse order", "umgekehrter Reihenfolge"),
        (0, "the same day", "desselben Tages"),
        (None, "not known", "nicht bekannt"),
    ],
)
def test_when(comparison: Comparison, days: int | None, english: str, german: str) -> None:
    other = replace(comparison, interval_days=days)
    assert english in part(narrate(other), "COMPARISON")[0]
    assert german in part(narrate(other, "de"), "VERGLEICH")[0]


def test_german_has_commas_and_its_own_units(comparison: Comparison) -> None:
    text = "\n".join(part(narrate(comparison, "de"), "BEFUND") + part(narrate(comparison, "de"), "BEURTEILUNG"))
    assert not re.search(r"\d\.\d|mL| to | and |-\d", text.replace("95-%", ""))


def test_places_in_german() -> None:
    assert place("right_upper_lobe/basal") == "Basales Drittel des rechten Oberlappens"
    assert place_in("left_lung") == "in der linken Lunge"
    assert (place("thigh"), place_in("thigh")) == ("Thigh", "(thigh)")
    said = LANGUAGES["de"].residual(Residual(0.05, ()))
    assert said == "Über der Schwelle ist nichts verblieben."
    said = LANGUAGES["de"].residual(Residual(120.4, (Share("right_middle_lobe", 1.0, (("ventral", 0.7),)),)))
    assert said == "Verblieben sind 120 ml: 100 % im Mittellappen (davon 70 % in der ventralen Hälfte)."


def test_german_knows_every_check_that_can_fail_in_a_comparison() -> None:
    names = set()
    for folder in ("anatomy", "lung", "opacity", "registration", "recipes/chest_ct", "change"):
        for path in (REPOSITORY / "ctreview" / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            names |= set(re.findall(r"[Cc]heck\(\s*(?:name=)?\"([a-z_]+)\"", text))
    header = (REPOSITORY / "ctreview/dicom/comparability.py").read_text(encoding="utf-8")
    names |= set(re.findall(r"Check\(\"([a-z_]+)\"", header))
    assert len(names) > 20
    assert names - set(SENTENCES) == {"dense_lung_recovered", "lone_dense_left_out"}  # they are always accepted


def test_a_check_of_one_scan_names_it_and_an_unknown_one_is_quoted() -> None:
    assert check_in_german(Check("followup_pleural_fluid", 12.5, 5, False, "…")).startswith(
        "Aktuelle Aufnahme: 12,5 ml zwischen Lunge"
    )
    assert check_in_german(Check("baseline_edits", 2, 0, False, "…")).startswith("Voraufnahme: 2 Korrekturen")
    assert check_in_german(Check("odd", None, None, False, "Odd.")) == "Nicht bestandene Prüfung: „Odd.“"


def test_no_identity_and_no_other_language(comparison: Comparison) -> None:
    assert "Doe" not in narrate(comparison)
    with pytest.raises(WrongUse, match="'fr'"):
        narrate(comparison, "fr")
