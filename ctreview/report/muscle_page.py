"""The page of a muscle examination, or of two: outlines and maps at matched levels, curves, tables, checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ctreview.muscle.curves import SliceCurve
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measures import FAT_FRACTIONS, MuscleMeasures
from ctreview.report import words
from ctreview.report.figures import Outline, SlicePicture, Window, outlines, picture
from ctreview.report.muscle_words import MUSCLE_WORDS, digits_of, measure_words, region_words, shown_unit
from ctreview.report.planes import Cut, FieldOfView, lay
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["MeasuredMuscle", "render_muscle_page"]

LEVELS = 4
CHART = (640.0, 220.0)
LINES = {"right_thigh": "#d55e00", "left_thigh": "#0072b2", "thigh": "#cc79a7"}


class MeasuredMuscle(Protocol):
    """What the page needs of an examination; the recipe's ``MuscleMriResult`` has it."""

    @property
    def image(self) -> Volume:
        """The image that tissue was told by."""

    @property
    def labels(self) -> LabelMap:
        """The tissues."""

    @property
    def maps(self) -> tuple[TissueMap, ...]:
        """On the image's grid."""

    @property
    def found(self) -> MuscleMeasures:
        """The numbers."""


@dataclass(frozen=True)
class LevelPicture:
    """One examination at one level."""

    when: str
    place: str
    picture: SlicePicture
    outlines: tuple[Outline, ...]
    fat: SlicePicture | None


def render_muscle_page(
    scans: Sequence[MeasuredMuscle],
    documents: Sequence[Mapping[str, Any]],
    language: str,
    *,
    change: Mapping[str, Any] | None = None,
    transform: Transform | None = None,
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
        The content of ``muscle_change.json``.
    transform : Transform, optional
        Baseline to follow-up points; levels are matched by it.

    Returns
    -------
    str
        HTML with style and pictures inside; it asks no server for anything.
    """
    said = MUSCLE_WORDS[language]
    names = [said["examination"]] if len(scans) == 1 else [said["baseline"], said["followup"]]
    levels = _levels(scans, names, transform)
    checks = change["checks"] + [c for one in documents for c in one["checks"]] if change else documents[0]["checks"]
    folder = files("ctreview.report") / "templates"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for function in (words.number, words.signed, words.span):
        environment.filters[function.__name__] = function
    template = environment.from_string((folder / "muscle.html.j2").read_text(encoding="utf-8"))
    return template.render(
        language=language,
        style=Markup((folder / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - ours, from the package
        said=said,
        names=names,
        told_by=documents[0]["tissue_told_by"],
        levels=levels,
        legend=_legend(levels, scans[0].labels, language),
        change=None if change is None else [_change_row(one, language) for one in change["changes"]],
        charts=[
            (name, _chart(scan.found.curves), _lines(scan.found.curves, language))
            for name, scan in zip(names, scans, strict=True)
        ],
        rows=_rows(documents, language),
        checks=sorted({c["message"]: c for c in checks}.values(), key=lambda check: bool(check["ok"])),
    )


def _change_row(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    said = MUSCLE_WORDS[language]
    return {
        **row,
        "name": region_words(row["region"], language),
        "measure": measure_words(row["key"], language),
        "shown_unit": shown_unit(row["unit"]),
        "digits": digits_of(row["baseline"]),
        "verdict_words": said[row["verdict"]],
    }


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
                    "unit": shown_unit(first["unit"]),
                    "values": [None if one is None else one["value"] for one in found],
                    "reason": next((one["reason"] for one in found if one is not None and one["reason"]), ""),
                }
            )
    return rows


def _levels(
    scans: Sequence[MeasuredMuscle], names: Sequence[str], transform: Transform | None
) -> list[list[LevelPicture]]:
    """The same levels in each examination, from the head down."""
    boxes = [_limb_box(scan.labels) for scan in scans]
    field = FieldOfView(*(max(float(box[1][axis] - box[0][axis]) + 16.0 for box in boxes) for axis in (0, 1)))
    windows = [_window(scan) for scan in scans]
    found = []
    for share in np.linspace(0.9, 0.1, LEVELS):
        row = []
        for number, scan in enumerate(scans):
            low, high = boxes[number]
            centre = (low + high) / 2
            centre[2] = low[2] + share * (high[2] - low[2])
            if number == 1 and transform is not None:
                first = (boxes[0][0] + boxes[0][1]) / 2
                first[2] = boxes[0][0][2] + share * (boxes[0][1][2] - boxes[0][0][2])
                centre[2] = transform.to_moving(first)[2]
            row.append(_level(scan, names[number], centre, field, windows[number]))
        found.append(row)
    return found


def _level(scan: MeasuredMuscle, when: str, centre: FloatArray, field: FieldOfView, window: Window) -> LevelPicture:
    grid = scan.labels.geometry
    middle = np.rint(grid.to_index(centre))[0]
    centre[2] = grid.to_lps((middle, *grid.to_index(centre)[1:]))[2]
    cut = Cut(grid, lay("axial", centre, field, grid, finest_mm=0.9))
    fat = next((one for one in scan.maps if one.kind in FAT_FRACTIONS), None)
    shown = None if fat is None else picture(fat.volume, cut, window=Window(0.5, 1.0))
    place = f"{int(np.clip(grid.shape[0] - middle, 1, grid.shape[0]))} / {grid.shape[0]}"
    return LevelPicture(when, place, picture(scan.image, cut, window=window), outlines(scan.labels, cut), shown)


def _limb_box(labels: LabelMap) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest LPS millimetres of all tissue."""
    index = np.argwhere(labels.array > 0)
    if not len(index):
        index = np.array([[0, 0, 0], np.array(labels.geometry.shape) - 1])
    points = labels.geometry.to_lps(np.stack([index.min(axis=0), index.max(axis=0)]))
    return points.min(axis=0), points.max(axis=0)


def _window(scan: MeasuredMuscle) -> Window:
    """From black to the brightest tissue of this image: MR signal has no scale of its own."""
    inside = scan.image.array[scan.labels.array > 0]
    top = float(np.percentile(inside, 99)) if inside.size else 1.0
    return Window(top / 2, top)


def _legend(levels: Sequence[Sequence[LevelPicture]], labels: LabelMap, language: str) -> list[tuple[str, str]]:
    drawn = {one.key for row in levels for level in row for one in level.outlines}
    return [(label.called(language), label.line) for label in labels.scheme if label.key in drawn]


def _lines(curves: Sequence[SliceCurve], language: str) -> list[tuple[str, str]]:
    return [(region_words(curve.region, language), LINES.get(curve.region, "#555")) for curve in curves]


def _chart(curves: Sequence[SliceCurve]) -> dict[str, Any]:
    """Muscle's cross-section of each thigh against height, as paths in a box of `CHART`."""
    width, height = CHART
    low = min(float(curve.z_mm.min()) for curve in curves)
    high = max(float(curve.z_mm.max()) for curve in curves)
    top = max(1.0, *(float(np.nanmax(curve.area_cm2["muscle"], initial=0.0)) for curve in curves)) * 1.08
    paths = []
    for curve in curves:
        x = (curve.z_mm - low) / max(high - low, 1e-6) * width
        y = height * (1 - curve.area_cm2["muscle"] / top)
        path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(b))
        paths.append((path, LINES.get(curve.region, "#555")))
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10_000) if top / s <= 6)
    ticks = [(round(height * (1 - value / top), 1), value) for value in np.arange(0, top, step).round(1).tolist()]
    marks = [(round(share * width, 1), round(low + share * (high - low))) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return {"paths": paths, "ticks": ticks, "marks": marks, "width": width, "height": height}
