"""The page of muscle ultrasound: pictures with what was measured, at one scale, and sides and dates compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from skimage.measure import approximate_polygon, find_contours

from ctreview.change import Interval
from ctreview.muscle.ultrasound_compared import ComparedUltrasound, UltrasoundComparison
from ctreview.muscle.ultrasound_measures import BorderedNumber, MeasuredUltrasound
from ctreview.report.figures import data_uri, scale_bar_mm
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.wording import Wording
from ctreview.report.page import page_environment
from ctreview.report.ultrasound_words import ULTRASOUND_WORDS, note_words

__all__ = ["render_ultrasound_page"]


@dataclass(frozen=True)
class _Picture:
    """What a frame shows within its calibrated region, in millimetres from its upper left."""

    uri: str
    width_mm: float
    height_mm: float
    outline: str
    caliper: tuple[float, float, float]
    text: str
    caption: str


def render_ultrasound_page(found: Sequence[MeasuredUltrasound], compared: ComparedUltrasound, language: str) -> str:
    """Make the page.

    Parameters
    ----------
    found : sequence of MeasuredUltrasound
    compared : ComparedUltrasound
        What `compare_ultrasound` gave for their measures.
    language : {"en", "de"}

    Returns
    -------
    str
        HTML with style and pictures inside; it asks no server for anything, and names no date, file or patient.
    """
    said, wording = ULTRASOUND_WORDS[language], Wording(language, LANGUAGES[language])
    when = _when(found, said)
    pictures = [_picture(one, number, when[number], said, wording) for number, one in enumerate(found)]
    width = max(one.width_mm for one in pictures)
    return (
        page_environment(language)
        .get_template("ultrasound.html.j2")
        .render(
            language=language,
            notice=wording.phrases.research(),
            said=said,
            headline=_headline(compared, said, wording),
            pictures=pictures,
            width_mm=width,
            height_mm=max(one.height_mm for one in pictures),
            bar_mm=scale_bar_mm(width),
            rows=[_row(one, number, when[number], said, wording) for number, one in enumerate(found)],
            comparisons=[_comparison(one, said, wording) for one in compared.comparisons],
            repeated=_repeated(found, compared, said, wording),
            notes=_notes(found, said, language),
        )
    )


def _headline(compared: ComparedUltrasound, said: Mapping[str, str], wording: Wording) -> str:
    """The thickness of the first comparison; dates before sides."""
    ordered = sorted(compared.comparisons, key=lambda one: one.of != "dates")
    if not ordered:
        return said["title"]
    first = ordered[0]
    return f"{said['thickness']}, {_title(first, said)}: {_interval(first.thickness_mm, 1, wording, ' mm')}"


def _when(found: Sequence[MeasuredUltrasound], said: Mapping[str, str]) -> list[str]:
    days = [one.measures.day for one in found]
    start = min((day for day in days if day is not None), default=None)
    named = []
    for day in days:
        if day is None or start is None:
            named.append(said["day_unknown"])
        else:
            later = (day - start).days
            named.append(said["days_later"].format(days=later) if later else said["first_day"])
    return named


def _side(one: MeasuredUltrasound, said: Mapping[str, str]) -> str:
    return said[one.measures.side or "no_side"]


def _picture(one: MeasuredUltrasound, number: int, when: str, said: Mapping[str, str], wording: Wording) -> _Picture:
    box, measures = one.region, one.measures
    rows, columns = slice(box.top, box.bottom + 1), slice(box.left, box.right + 1)
    grey = np.ascontiguousarray(one.image.frames[one.frame][rows, columns])
    scale = np.array([box.row_mm, box.column_mm])
    parts = []
    for line in find_contours(np.pad(one.mask[rows, columns].astype(np.float32), 1), 0.5):
        around = approximate_polygon((line - 0.5) * scale, tolerance=0.2 * float(scale.min()))
        parts.append("M" + "L".join(f"{x:.2f} {y:.2f}" for y, x in around[:-1]) + "Z")
    column, first, last = measures.caliper
    x, top, bottom = (
        (column - box.left + 0.5) * box.column_mm,
        (first - box.top) * box.row_mm,
        (last + 1 - box.top) * box.row_mm,
    )
    return _Picture(
        data_uri(grey),
        grey.shape[1] * box.column_mm,
        grey.shape[0] * box.row_mm,
        "".join(parts),
        (x, top, bottom),
        f"{wording.number(measures.thickness_mm.value, decimals=1)} mm",
        f"{number + 1}: {_side(one, said)}, {when}",
    )


def _row(one: MeasuredUltrasound, number: int, when: str, said: Mapping[str, str], wording: Wording) -> dict[str, str]:
    measures = one.measures
    return {
        "number": str(number + 1),
        "side": _side(one, said),
        "when": when,
        "thickness": f"{wording.number(measures.thickness_mm.value, decimals=1)} mm",
        "thickness_border": _border(measures.thickness_mm, 1, wording),
        "area": f"{wording.number(measures.area_cm2.value, decimals=1)} cm²",
        "area_border": _border(measures.area_cm2, 1, wording),
        "grey": " ± ".join(wording.number(one, decimals=0) for one in (measures.grey_mean.value, measures.grey_sd)),
        "grey_border": _border(measures.grey_mean, 0, wording),
        "pixel": f"{wording.number(measures.row_mm, decimals=3)} × {wording.number(measures.column_mm, decimals=3)}",
    }


def _border(one: BorderedNumber, decimals: int, wording: Wording) -> str:
    return f"{wording.number(one.low, decimals=decimals)} … {wording.number(one.high, decimals=decimals)}"


def _title(one: UltrasoundComparison, said: Mapping[str, str]) -> str:
    if one.of == "dates":
        return said["dates"].format(side=said[one.side or "no_side"], days=one.interval_days)
    return said["sides"].format(when=said["days_unknown" if one.interval_days is None else "one_day"])


def _comparison(one: UltrasoundComparison, said: Mapping[str, str], wording: Wording) -> dict[str, str]:
    title = _title(one, said)
    numbers = (" + ".join(str(number + 1) for number in group) for group in (one.first, one.second))
    return {
        "title": title[:1].upper() + title[1:],
        "images": " → ".join(numbers) if one.of == "dates" else " / ".join(numbers),
        "thickness": _interval(one.thickness_mm, 1, wording, " mm"),
        "thickness_percent": _interval(one.thickness_percent, 1, wording),
        "grey": _interval(one.grey, 0, wording),
        "grey_percent": _interval(one.grey_percent, 1, wording),
    }


def _interval(one: Interval | None, decimals: int, wording: Wording, unit: str = "") -> str:
    if one is None:
        return "–"
    value, low, high = (wording.signed(part, decimals=decimals) for part in (one.value, one.low, one.high))
    return f"{value}{unit} ({low}\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}{high})"


def _repeated(
    found: Sequence[MeasuredUltrasound], compared: ComparedUltrasound, said: Mapping[str, str], wording: Wording
) -> str:
    """What repeats differ by; finer than a pixel nothing is measured."""
    thickness, grey = (compared.repeatability.get(name) for name in ("thickness_mm", "grey_mean"))
    if thickness is None or grey is None:
        return said["not_repeated"]
    return said["repeated"].format(
        thickness=wording.number(max(thickness.coefficient, *(one.region.row_mm for one in found)), decimals=1),
        grey=wording.number(max(grey.coefficient, 1.0), decimals=0),
        freedom=thickness.freedom,
    )


def _notes(found: Sequence[MeasuredUltrasound], said: Mapping[str, str], language: str) -> list[str]:
    own = dict.fromkeys(note_words(note, language) for one in found for note in one.image.notes)
    lossy = [said["lossy"]] if any(one.image.acquisition.lossy for one in found) else []
    return [said["gain"], said["pressure"], *own, *lossy, said["evidence"]]
