"""Scans and events: marks at their days, scans with their key image beneath the mouse or the focus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ctreview.clinical.timeline import ClinicalEvent, ScanTime
from ctreview.report.timeline.frame import (
    GREY,
    INK,
    RIGHT,
    SMALL,
    UNDATED,
    FigureFrame,
    Row,
    focusable,
    label,
    span_line,
)
from ctreview.report.timeline.svg import element, group, text
from ctreview.report.timeline.words import source_words

__all__ = ["ScanPicture", "event_row", "event_words", "scan_row", "scan_words"]

HEIGHT, SCAN_HEIGHT = 26.0, 34.0
NEAR = 40.0
"""Two ticks that are nearer hold their names apart."""
ANCHORS = {"middle": 0.0, "start": -3.0, "end": 3.0}
"""How the names of ticks may lie, and by how much they are moved."""
KEY_IMAGE_WIDTH = 230.0


@dataclass(frozen=True)
class ScanPicture:
    """A slice with outlines over it.

    Attributes
    ----------
    uri : str
        PNG or JPEG as a data URI.
    width_mm, height_mm : float
        Its size.
    outlines : tuple of (str, str)
        A colour and an SVG path in millimetres for each.
    """

    uri: str
    width_mm: float
    height_mm: float
    outlines: tuple[tuple[str, str], ...] = ()


def scan_row(frame: FigureFrame, scans: Sequence[ScanTime], key_images: Mapping[ScanTime, ScanPicture]) -> Row:
    """Draw the scans of one source."""
    source = source_words(scans[0].source, frame.language)
    named = label("CT" if all("CT" in one.name.english for one in scans) else frame.words["scan"], [source])
    marks = [
        _scan(frame, one, anchor, key_images.get(one))
        for one, anchor in zip(scans, _anchors(frame, scans), strict=True)
    ]
    return Row(max(SCAN_HEIGHT, named.height), group(named.drawn, *marks))


def scan_words(frame: FigureFrame, scan: ScanTime) -> str:
    """All that is known of a scan, in one sentence."""
    source = source_words(scan.source, frame.language)
    said = (scan.name.said(frame.language), frame.when(scan.when), source, scan.note.said(frame.language))
    return ", ".join(part for part in said if part)


def event_row(frame: FigureFrame, event: ClinicalEvent) -> Row:
    """Draw an event."""
    note, undated = event.note.said(frame.language), event.when.middle is None
    lines = [source_words(event.source, frame.language), *([note] if undated else [])]
    named = label(event.name.said(frame.language), lines)
    y = HEIGHT / 2
    x = UNDATED if event.when.middle is None else frame.axis.x(event.when.middle)
    diamond = element("path", d=f"M{x:.2f} {y - 6:.2f}l6 6l-6 6l-6 -6Z", fill="#3d4752")
    beside = x if undated else max(x, frame.axis.x(event.when.latest or 0))
    said = text(beside + 10.0, y + 4.0, "" if undated else note, font_size=SMALL, fill=GREY)
    mark = focusable(event_words(frame, event), span_line(frame, event.when, y), diamond, said)
    return Row(max(HEIGHT, named.height), group(named.drawn, mark))


def event_words(frame: FigureFrame, event: ClinicalEvent) -> str:
    """All that is known of an event, in one sentence."""
    language = frame.language
    said = (event.name.said(language), frame.when(event.when), source_words(event.source, language))
    return ", ".join(part for part in (*said, event.note.said(language)) if part)


def _anchors(frame: FigureFrame, scans: Sequence[ScanTime]) -> list[str]:
    """How the name of each scan lies on its tick: away from a neighbour that is near."""
    places = [None if one.when.middle is None else frame.axis.x(one.when.middle) for one in scans]

    def near(one: float | None, other: float | None) -> bool:
        return one is not None and other is not None and abs(other - one) < NEAR

    before, after = [None, *places[:-1]], [*places[1:], None]
    return [
        "end" if near(here, later) and not near(here, earlier) else "start" if near(here, earlier) else "middle"
        for here, earlier, later in zip(places, before, after, strict=True)
    ]


def _scan(frame: FigureFrame, scan: ScanTime, anchor: str, key_image: ScanPicture | None) -> Markup:
    y = SCAN_HEIGHT - 9.0
    x = UNDATED if scan.when.middle is None else frame.axis.x(scan.when.middle)
    tick = element("path", d=f"M{x:.2f} {y - 7:.2f}V{y + 7:.2f}", stroke=INK, stroke_width=3.0)
    name = element(
        "text",
        scan.name.said(frame.language),
        x=x + ANCHORS[anchor],
        y=y - 10.0,
        font_size=SMALL,
        fill=INK,
        font_weight="bold",
        text_anchor=anchor,
    )
    drawn = [span_line(frame, scan.when, y), tick, name]
    says = scan_words(frame, scan)
    if key_image is not None:
        drawn.append(_shown(key_image, max(x - KEY_IMAGE_WIDTH / 2, frame.axis.left), y + 14.0))
        says = f"{says}; {frame.words['key_image']}"
    return focusable(says, *drawn, data_scan="")


def _shown(image: ScanPicture, left: float, y: float) -> Markup:
    """The key image beneath its tick; the style shows it under the mouse and the focus alone."""
    left = min(left, RIGHT - KEY_IMAGE_WIDTH)
    height = KEY_IMAGE_WIDTH * image.height_mm / image.width_mm
    lines = [
        element("path", d=path, stroke=colour, stroke_width=1.4, fill="none", vector_effect="non-scaling-stroke")
        for colour, path in image.outlines
    ]
    picture = element(
        "image",
        href=image.uri,
        width=image.width_mm,
        height=image.height_mm,
        preserveAspectRatio="none",
    )
    inside = element(
        "svg",
        picture,
        *lines,
        x=left,
        y=y,
        width=KEY_IMAGE_WIDTH,
        height=height,
        viewBox=f"0 0 {image.width_mm:.2f} {image.height_mm:.2f}",
    )
    frame = element(
        "rect", x=left - 2, y=y - 2, width=KEY_IMAGE_WIDTH + 4, height=height + 4, fill="#000000", stroke=INK
    )
    return group(frame, inside, class_="key-image", aria_hidden="true")
