"""The page of a muscle examination, or of two: what changed, outlines and maps at matched levels, curves, checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctreview.muscle.limb_segment import is_limb
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.german_muscle_checks import muscle_check_in_german
from ctreview.report.languages.wording import Wording
from ctreview.report.muscle_charts import Chart, DatedCurves, along_femur
from ctreview.report.muscle_levels import LevelPicture, MeasuredMuscle, level_pictures
from ctreview.report.muscle_words import (
    MUSCLE_WORDS,
    contrast_words,
    digits_of,
    measure_words,
    reason_words,
    region_words,
    shown_unit,
)
from ctreview.report.page import page_environment

__all__ = ["render_muscle_page"]


def render_muscle_page(
    scans: Sequence[MeasuredMuscle],
    documents: Sequence[Mapping[str, Any]],
    language: str,
    *,
    change: Mapping[str, Any] | None = None,
) -> str:
    """Make the page.

    Parameters
    ----------
    scans : sequence of one or two
        For pictures and curves.
    documents : sequence of mapping
        The content of ``muscle.json`` of each: every number of the tables is from here.
    language : {"en", "de"}
    change : mapping, optional
        The content of ``muscle_change.json``; levels are matched by what it says is shared.

    Returns
    -------
    str
        HTML with style and pictures inside; it asks no server for anything.
    """
    said = MUSCLE_WORDS[language]
    names = [said["examination"]] if len(scans) == 1 else [said["baseline"], said["followup"]]
    maps = {"fat": said["map"], "stir_robust_z": said["stir_map"]}
    levels = level_pictures(scans, names, change["shared"] if change else (), maps)
    dated = [DatedCurves(scan.found.curves, scan.found.femurs) for scan in scans]
    wording = Wording(language, LANGUAGES[language])
    return (
        page_environment(language)
        .get_template("muscle.html.j2")
        .render(
            language=language,
            notice=wording.phrases.research(),
            said=said,
            title=said[f"title_{documents[0]['limb_segment']}"],
            names=names,
            told_by=contrast_words(documents[0]["tissue_told_by"], language),
            apart="" if change is None else _apart(change["interval_days"], said),
            reference=_reference(documents, names, said, wording),
            levels=levels,
            legend=_legend(levels, scans, language),
            verdict=change["verdict"] if change else "unchanged",
            headline=_headline(change, wording) if change else "",
            reasons=[] if change is None else [_said(one, language) for one in change["checks"] if _stops(one)],
            change=None if change is None else [_change_row(one, language) for one in change["changes"]],
            groups=change is not None and not all(is_limb(one["region"]) for one in change["changes"]),
            charts=[
                (title, chart, _lines(chart, names, language))
                for title, what in ((said["curve_muscle"], "muscle"), (said["curve_fat"], "fat_fraction"))
                if (chart := along_femur(dated, what)) is not None
            ],
            contrasts=[(name, _contrasts(document, wording)) for name, document in zip(names, documents, strict=True)],
            rows=_rows(documents, language),
            checks=_checks(documents, change, language),
        )
    )


def _headline(change: Mapping[str, Any], wording: Wording) -> str:
    """What became of the volume of muscle in both limbs, or of the first region there is."""
    language = wording.code
    said = MUSCLE_WORDS[language]
    verdict = said[change["verdict"]]
    if not change["changes"]:
        return f"{said['headline']}: {verdict}"
    first = change["changes"][0]
    one = first["change"]
    span = f"{wording.signed(one['low'])} … {wording.signed(one['high'])}"
    return (
        f"{measure_words(first['key'], language)}, {region_words(first['region'], language)}: {verdict} "
        f"({wording.signed(one['value'])} {shown_unit(first['unit'], language)}, {span})"
    )


def _apart(days: int | None, said: Mapping[str, str]) -> str:
    return said["days_unknown"] if days is None else said["apart"].format(days=days)


def _reference(
    documents: Sequence[Mapping[str, Any]], names: Sequence[str], said: Mapping[str, str], wording: Wording
) -> str:
    """Where a reader took muscle to be healthy, and what that leaves open; empty where none was confirmed."""
    places = []
    for name, document in zip(names, documents, strict=True):
        one = document["stir_reference"]
        if one is not None:
            x, y, z = (wording.number(part, decimals=0) for part in one["centre_mm"])
            radius, error = wording.number(one["radius_mm"], decimals=0), wording.number(100 * one["error_share"])
            places.append(said["stir_place"].format(name=name, x=x, y=y, z=z, radius=radius, error=error))
    return said["stir_reference"].format(places="; ".join(places)) if places else ""


def _stops(check: Mapping[str, Any]) -> bool:
    return not check["ok"] and check["effect"] == "stops"


def _said(check: Mapping[str, Any], language: str) -> str:
    return muscle_check_in_german(check) if language == "de" else str(check["message"])


def _checks(
    documents: Sequence[Mapping[str, Any]], change: Mapping[str, Any] | None, language: str
) -> list[dict[str, Any]]:
    """Each sentence once, the failed ones first."""
    found = [*(change["checks"] if change else ()), *(check for one in documents for check in one["checks"])]
    by_words = {_said(check, language): check for check in found}
    return sorted(
        ({"ok": check["ok"], "effect": check["effect"], "words": text} for text, check in by_words.items()),
        key=lambda check: bool(check["ok"]),
    )


def _change_row(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    said = MUSCLE_WORDS[language]
    return {
        **row,
        "name": region_words(row["region"], language),
        "measure": measure_words(row["key"], language),
        "shown_unit": shown_unit(row["unit"], language),
        "digits": digits_of(row["baseline"]),
        "verdict_words": said[row["verdict"]],
    }


def _contrasts(document: Mapping[str, Any], wording: Wording) -> list[dict[str, str]]:
    """How each contrast was made, and how far it lay off."""
    moved = {one["contrast"]: one for one in document["alignments"]}
    rows = []
    for one in document["contrasts"]:
        sequence, alignment = one["sequence"], moved.get(one["name"])
        shift = (
            "" if alignment is None else " / ".join(wording.number(part, decimals=1) for part in alignment["shift_mm"])
        )
        rows.append(
            {
                "name": contrast_words(one["name"], wording.code),
                "voxels": " × ".join(wording.number(size, decimals=1) for size in one["spacing_mm"]),
                "times": ", ".join(
                    f"{label} {wording.cell(float(sequence[key]))}{unit}"
                    for label, key, unit in (
                        ("", "field_strength_t", " T"),
                        ("TR", "repetition_time_ms", " ms"),
                        ("TE", "echo_time_ms", " ms"),
                        ("TI", "inversion_time_ms", " ms"),
                        ("α", "flip_angle_degrees", "°"),
                    )
                    if sequence[key] is not None
                ).strip(),
                "shift": shift,
                "agent": {True: "+", False: "–", None: "?"}[one["contrast_agent"]],
            }
        )
    return rows


def _rows(documents: Sequence[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """A row for each measure of each region that the first examination has, with the values of all."""
    values = [{(one["region"], one["key"]): one for one in document["measurements"]} for document in documents]
    rows = []
    for (region, key), first in values[0].items():
        name = measure_words(key, language)
        if name is not None:
            found = [by.get((region, key)) for by in values]
            rows.append(
                {
                    "region": region_words(region, language),
                    "name": name,
                    "unit": shown_unit(first["unit"], language),
                    "values": [None if one is None else one["value"] for one in found],
                    "reason": reason_words(
                        next((one["reason"] for one in found if one is not None and one["reason"]), ""), language
                    ),
                }
            )
    return rows


def _legend(
    levels: Sequence[Sequence[LevelPicture]], scans: Sequence[MeasuredMuscle], language: str
) -> list[tuple[str, str]]:
    """Tissues, then groups, as far as they are outlined."""
    drawn = {one.key for row in levels for level in row for one in (*level.outlines, *level.groups)}
    schemes = [scans[0].labels.scheme, *(scan.groups.scheme for scan in scans if scan.groups is not None)]
    named = {label.key: (label.called(language), label.line) for scheme in schemes for label in scheme}
    return [words_ for key, words_ in named.items() if key in drawn]


def _lines(chart: Chart, names: Sequence[str], language: str) -> list[tuple[str, str, str]]:
    """Words, colour and dash of each line."""
    return [
        (
            f"{region_words(line.region, language)}, {names[line.date]}"
            if len(names) > 1
            else region_words(line.region, language),
            line.colour,
            line.dash,
        )
        for line in chart.lines
    ]
