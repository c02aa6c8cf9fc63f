"""Pictures for the page: a grey slice as embedded PNG, and regions as vector outlines over it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.measure import approximate_polygon, find_contours

from ctreview.report.planes import Cut
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["LUNG_WINDOW", "Outline", "SlicePicture", "Window", "data_uri", "outlines", "picture", "scale_bar_mm"]

AIR_HU = -1024.0

LANGUAGE_CODES = ("en", "de")
"""ISO 639-1 codes of the languages that labels have words in."""

SMALLEST_MM = 1.5
"""Outlines whose box is smaller than this in both directions are not drawn: at that size they are noise of a voxel."""


@dataclass(frozen=True)
class Window:
    """Which values become black and white."""

    level: float
    width: float

    def grey(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
        """Values as 8-bit grey."""
        scaled = (values - (self.level - 0.5 * self.width)) / self.width
        return np.asarray(np.round(255.0 * np.clip(scaled, 0.0, 1.0)), dtype=np.uint8)


LUNG_WINDOW = Window(level=-600.0, width=1500.0)
"""The lung window of every picture, the same for both scans and never fitted to one of them."""


@dataclass(frozen=True)
class Outline:
    """The edge of one kind of region on a plane, as an SVG path in millimetres from the picture's upper left.

    Attributes
    ----------
    key : str
    names : mapping of str to str
        What it is called, by language.
    colour : str
    path : str
    value : int
        That of its label.
    """

    key: str
    names: Mapping[str, str]
    colour: str
    path: str
    value: int = 0


@dataclass(frozen=True)
class SlicePicture:
    """One slice, ready to be drawn.

    Attributes
    ----------
    uri : str
        The grey slice as a PNG data URI.
    width_mm, height_mm : float
        Its size.
    letters : tuple of str
        Patient directions at the left, right, upper and lower edge.
    bar_mm : int
        Length of the scale bar.
    """

    uri: str
    width_mm: float
    height_mm: float
    letters: tuple[str, str, str, str]
    bar_mm: int


def picture(volume: Volume, cut: Cut, *, window: Window = LUNG_WINDOW) -> SlicePicture:
    """Draw a cut through a volume in a fixed window; black where the scan does not reach."""
    plane = cut.plane
    grey = window.grey(cut.values(volume.array, fill=2 * AIR_HU))
    return SlicePicture(data_uri(grey), plane.width_mm, plane.height_mm, plane.letters, scale_bar_mm(plane.width_mm))


def data_uri(grey: npt.NDArray[np.uint8]) -> str:
    """An 8-bit grey image as a PNG data URI; it carries no metadata."""
    target = io.BytesIO()
    Image.fromarray(grey).save(target, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode("ascii")


def scale_bar_mm(width_mm: float) -> int:
    """The longest of 10, 20, 50 and 100 mm that takes at most 30 % of the picture."""
    return max((mm for mm in (10, 20, 50, 100) if mm <= 0.3 * width_mm), default=10)


def outlines(labels: LabelMap, cut: Cut, *, keys: Sequence[str] | None = None) -> tuple[Outline, ...]:
    """Edges of labels on a plane, half-way between voxels.

    Parameters
    ----------
    labels : LabelMap
    cut : Cut
        Through the grid of the labels.
    keys : sequence of str, optional
        Which labels; all if not given.
    """
    found = []
    for label in labels.scheme:
        if keys is not None and label.key not in keys:
            continue
        path = _path(cut.share(labels.array, label.value), cut.plane.pixel_mm)
        if path:
            found.append(
                Outline(label.key, {key: label.called(key) for key in LANGUAGE_CODES}, label.line, path, label.value)
            )
    return tuple(found)


def _path(share: npt.NDArray[np.float32], pixel_mm: float) -> str:
    """The 0.5 level of an image of shares as closed SVG subpaths; holes come out as holes (even-odd rule)."""
    if share.max(initial=0.0) <= 0.5:
        return ""
    parts = []
    for line in find_contours(np.pad(share, 1), 0.5):
        around = approximate_polygon((line - 0.5) * pixel_mm, tolerance=0.2 * pixel_mm)
        if np.ptp(around, axis=0).max() < SMALLEST_MM:
            continue
        points = "L".join(f"{column:.2f} {row:.2f}" for row, column in around[:-1])
        parts.append(f"M{points}Z")
    return "".join(parts)
