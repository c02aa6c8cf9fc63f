"""A row of values: one axis, points, and a line only where there are dates and values enough."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from ctreview.clinical.timeline import ClinicalSeries, ClinicalValue
from ctreview.report.timeline.frame import (
    GREY,
    INK,
    RIGHT,
    RULE,
    SMALL,
    UNDATED,
    FigureFrame,
    Row,
    focusable,
    label,
    span_line,
)
from ctreview.report.timeline.svg import element, group, text
from ctreview.report.timeline.value_axis import ValueAxis, value_axis
from ctreview.report.timeline.words import number_words, quantity_words, reference_words, source_words, unit_words

__all__ = ["joined", "series_row", "value_words"]

PANEL, PART, LONE = 84.0, 68.0, 28.0
"""Height of a row with an axis, of one of several that share a scale, and of one with a single value."""

LEAST_JOINED = 3
"""Values that a line needs: two points are two points."""

MOST_LABELLED = 8
COLOUR = {"lung": "#0072b2", "muscle": "#7a3e9d", "score": "#00664f", "blood": "#a63c00"}


def series_row(frame: FigureFrame, series: ClinicalSeries, *, top: float | None = None) -> Row:
    """Draw a series; ``top`` is the upper end of the axis, where several rows share one scale."""
    named = label(series.measure.called(frame.language), _label_lines(frame, series))
    alone = len(series.values) == 1 and series.values[0].interval is None
    height = max(LONE if alone else PANEL if top is None else PART, named.height)
    drawn = _lone(frame, series, height) if alone else _panel(frame, series, height, top)
    return Row(height, group(named.drawn, drawn))


def joined(series: ClinicalSeries) -> tuple[ClinicalValue, ...]:
    """The values that a line joins; none where there are too few, or where they are not comparable."""
    dated = tuple(one for one in series.values if one.when.middle is not None and not one.quantity.comparator)
    return dated if series.comparable and len(dated) >= LEAST_JOINED else ()


def value_words(frame: FigureFrame, value: ClinicalValue) -> str:
    """All that is known of a value, in one sentence."""
    words, language = frame.words, frame.language
    said = [f"{value.measure.called(language)} {quantity_words(value.quantity, language)}", frame.when(value.when)]
    if value.interval is not None:
        low, high = (number_words(round(end, 1), language) for end in value.interval)
        said.append(words["interval"].format(low, high, unit_words(value.quantity.unit, language)))
    if value.reference is not None:
        said.append(words["reference"].format(reference_words(value.reference, language)))
        side = value.reference.side(value.quantity)
        said += [words[side]] if side in {"above", "below"} else []
    if value.measure.by_assay:
        said.append(words["assay"].format(value.assay) if value.assay else words["no_assay"])
    said += [source_words(value.source, language), value.note.said(language)]
    return ", ".join(part for part in said if part)


def _label_lines(frame: FigureFrame, series: ClinicalSeries) -> list[str]:
    source = source_words(series.source, frame.language)
    unit = unit_words(series.unit, frame.language)
    lines = [", ".join(part for part in (unit, source) if part)]
    if series.measure.by_assay:
        assay = frame.words["assay"].format(series.assay) if series.assay else frame.words["no_assay"]
        lines.append(assay)
    return lines


def _lone(frame: FigureFrame, series: ClinicalSeries, height: float) -> Markup:
    """A single value: its point and what it says, without an axis; its unit stands in the label."""
    (value,) = series.values
    y = min(height / 2, LONE / 2)
    x = UNDATED if value.when.middle is None else frame.axis.x(value.when.middle)
    ends = [x if day is None else frame.axis.x(day) for day in (value.when.earliest, value.when.latest)]
    said = quantity_words(value.quantity, frame.language, with_unit=False)
    if value.reference is not None:
        said += f" ({frame.words['reference'].format(reference_words(value.reference, frame.language))})"
    fits = ends[1] + 7.0 * len(said) < RIGHT
    place = {"x": ends[1] + 9.0} if fits or value.when.middle is None else {"x": ends[0] - 9.0, "text_anchor": "end"}
    words = element("text", said, y=y + 4.0, font_size=SMALL, fill=INK, **place)
    return focusable(value_words(frame, value), span_line(frame, value.when, y), _marker(value, x, y), words)


def _panel(frame: FigureFrame, series: ClinicalSeries, height: float, top: float | None) -> Markup:
    axis = _axis(series, height, top)
    drawn = [_scale(frame, axis), _reference(frame, series, axis), _line(frame, joined(series), axis)]
    labelled = len(series.values) <= MOST_LABELLED
    drawn += [_point(frame, value, axis, labelled=labelled) for value in series.values]
    return group(*drawn)


def _axis(series: ClinicalSeries, height: float, top: float | None) -> ValueAxis:
    on_it = [one.quantity.value for one in series.values]
    on_it += [max(end, 0.0) for one in series.values for end in one.interval or ()]
    limits = [one.reference for one in series.values if one.reference is not None]
    on_it += [end for one in limits for end in (one.low, one.high) if end is not None]
    if top is not None:
        on_it.append(top)
    spans_decades = series.measure.category in {"score", "blood"}
    return value_axis(on_it, height - 8.0, 16.0, highest=series.highest, decades=spans_decades)


def _scale(frame: FigureFrame, axis: ValueAxis) -> Markup:
    lines = [
        group(
            element("path", d=f"M{frame.axis.left} {axis.y(tick):.2f}H{RIGHT}", stroke=RULE, fill="none"),
            text(RIGHT + 5.0, axis.y(tick) + 4.0, number_words(tick, frame.language), font_size=SMALL, fill=GREY),
        )
        for tick in axis.ticks
    ]
    words = text(RIGHT, 11.0, frame.words["log"], font_size=SMALL, fill=GREY, text_anchor="end")
    return group(*lines, *([words] if axis.logarithmic else []))


def _reference(frame: FigureFrame, series: ClinicalSeries, axis: ValueAxis) -> Markup:
    """The range of the last value that names one, as a band."""
    found = [one.reference for one in series.values if one.reference is not None]
    if not found:
        return Markup("")
    reference = found[-1]
    low = axis.low if reference.low is None else reference.low
    high = axis.high if reference.high is None else reference.high
    upper, lower = axis.y(high), axis.y(low)
    band = element(
        "rect",
        x=frame.axis.left,
        y=upper,
        width=RIGHT - frame.axis.left,
        height=max(lower - upper, 0.5),
        fill="#6b7780",
        opacity=0.16,
    )
    says = frame.words["reference"].format(reference_words(reference, frame.language))
    return group(band, text(frame.axis.left + 4.0, max(upper - 3.0, 10.0), says, font_size=SMALL, fill=GREY))


def _line(frame: FigureFrame, values: Sequence[ClinicalValue], axis: ValueAxis) -> Markup:
    places = [(frame.axis.x(one.when.middle or 0.0), axis.y(one.quantity.value), one) for one in values]
    colour = COLOUR[values[0].measure.category] if values else INK
    return group(
        *(
            element("path", d=f"M{x:.2f} {y:.2f}L{x2:.2f} {y2:.2f}", stroke=colour, stroke_width=1.6, fill="none")
            for (x, y, _), (x2, y2, _) in pairwise(places)
        )
    )


def _point(frame: FigureFrame, value: ClinicalValue, axis: ValueAxis, *, labelled: bool) -> Markup:
    x = UNDATED if value.when.middle is None else frame.axis.x(value.when.middle)
    y = axis.y(value.quantity.value)
    drawn = [span_line(frame, value.when, y), _whisker(value, axis, x), _marker(value, x, y)]
    if labelled:
        said = quantity_words(value.quantity, frame.language, with_unit=False)
        if value.measure.category in {"lung", "muscle"}:
            said = number_words(float(f"{value.quantity.value:.3g}"), frame.language)
        place = {"x": x + 7.0} if x + 7.0 * (len(said) + 2) < RIGHT else {"x": x - 7.0, "text_anchor": "end"}
        drawn.append(element("text", said, y=y - 5.0, font_size=SMALL, fill=INK, **place))
    return focusable(value_words(frame, value), *drawn)


def _whisker(value: ClinicalValue, axis: ValueAxis, x: float) -> Markup:
    if value.interval is None:
        return Markup("")
    low, high = (axis.y(max(end, 0.0)) for end in value.interval)
    ends = f"M{x:.2f} {low:.2f}V{high:.2f}M{x - 4:.2f} {low:.2f}h8M{x - 4:.2f} {high:.2f}h8"
    return element("path", d=ends, stroke=INK, stroke_width=1.3, fill="none")


def _marker(value: ClinicalValue, x: float, y: float) -> Markup:
    """Its form says where the value lies, so that colour is not needed for it."""
    colour = COLOUR[value.measure.category]
    if value.quantity.comparator:
        sign = 1.0 if value.quantity.comparator[0] == "<" else -1.0
        arrow = f"M{x:.2f} {y + sign * 4:.2f}v{sign * 7:.2f}m-3 {-sign * 3:.2f}l3 {sign * 3:.2f}l3 {-sign * 3:.2f}"
        return group(
            element("circle", cx=x, cy=y, r=4.0, fill="#ffffff", stroke=colour, stroke_width=1.6),
            element("path", d=arrow, stroke=colour, stroke_width=1.4, fill="none"),
        )
    side = "within" if value.reference is None else value.reference.side(value.quantity)
    if side in {"above", "below"}:
        up = -1.0 if side == "above" else 1.0
        corners = f"M{x - 5:.2f} {y - up * 4:.2f}h10l-5 {up * 9:.2f}Z"
        return element("path", d=corners, fill=colour, stroke="#ffffff", stroke_width=0.8)
    return element("circle", cx=x, cy=y, r=4.2, fill=colour, stroke="#ffffff", stroke_width=0.8)
