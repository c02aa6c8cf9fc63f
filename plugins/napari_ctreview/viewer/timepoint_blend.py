"""The other timepoint laid over the first, through the registration: faded in, or as a checkerboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QRectF
from qtpy.QtGui import QImage
from scipy.ndimage import map_coordinates

from ctreview.volume.volume import Volume
from napari_ctreview.viewer.annotations import ImageDrawing
from napari_ctreview.viewer.correspondence import PointMapping
from napari_ctreview.viewer.link_controller import LinkController
from napari_ctreview.viewer.pane import Pane

__all__ = ["BlendMode", "TimepointBlend"]

BlendMode = Literal["off", "fade", "checkerboard"]

_SQUARE_MM = 25.0
_MOST_SAMPLES = 300
"""Along each side of a slice: a place of every second voxel of a large CT is carried over."""

_SHARES = (0.5, 0.75, 1.0, 0.25)
"""How much of the other timepoint a fade shows, in the order that a key walks through."""


@dataclass(frozen=True, eq=False)
class _Sampled:
    """What one slice shows of the other timepoint: its values, and what they were sampled for."""

    key: tuple[object, ...]
    values: npt.NDArray[np.float32]
    rows_mm: npt.NDArray[np.float64]
    columns_mm: npt.NDArray[np.float64]


class TimepointBlend:
    """Draws the second scan over the first, where both are linked.

    Parameters
    ----------
    panes : sequence of Pane
        Baseline and follow-up first.
    link : LinkController
        How they belong together.

    Attributes
    ----------
    mode : {"off", "fade", "checkerboard"}
    share : float
        How much of the second scan a fade shows, 0 to 1.
    """

    def __init__(self, panes: Sequence[Pane], link: LinkController) -> None:
        self._panes, self._link = panes, link
        self.mode: BlendMode = "off"
        self.share = _SHARES[0]
        self._sampled: _Sampled | None = None
        if len(panes) > 1:
            panes[0].sketches.insert(0, self._drawn)

    def next_mode(self) -> None:
        """Off, fade, checkerboard, off again."""
        modes = get_args(BlendMode)
        self.mode = modes[(modes.index(self.mode) + 1) % len(modes)]
        self._tell()

    def clear(self) -> None:
        """Lay nothing over: other scans are shown."""
        self.mode = "off"
        self._tell()

    def next_share(self) -> None:
        """Fade in another share of the second scan."""
        self.mode = "fade"
        self.share = _SHARES[(_SHARES.index(self.share) + 1) % len(_SHARES)]
        self._tell()

    def _tell(self) -> None:
        words = {"off": "", "fade": f"{100 * self.share:.0f} % of the other", "checkerboard": "checkerboard"}
        self._sampled = None if self.mode == "off" else self._sampled
        self._panes[0].set_blend_text(words[self.mode])
        self._panes[0].annotations.update()

    def _drawn(self) -> Sequence[ImageDrawing]:
        here, there = self._panes[0], self._panes[1]
        belong = self._link.correspondence
        if self.mode == "off" or belong is None or here.volume is None or there.volume is None:
            self._sampled = None  # it holds on to the scans
            return ()
        mapping = belong.between(here.role, there.role)
        level = round(float(here.geometry.to_index(here.centre)[here.across]))
        key = (belong, here.volume, there.volume, here.plane, level)
        if self._sampled is None or self._sampled.key != key:
            self._sampled = _sample(key, here, level, there.volume, mapping)
        return (self._picture(here, there, level, self._sampled),)

    def _picture(self, here: Pane, there: Pane, level: int, sampled: _Sampled) -> ImageDrawing:
        """The values in the window of the second scan, on the place of the slice."""
        low, high = (float(v) for v in there.image.contrast_limits)
        grey = np.clip((sampled.values - low) / max(high - low, 1e-6) * 255, 0, 255)
        alpha = np.where(np.isnan(sampled.values), 0.0, self.share if self.mode == "fade" else 1.0)
        if self.mode == "checkerboard":
            odd = (sampled.rows_mm // _SQUARE_MM)[:, None] + (sampled.columns_mm // _SQUARE_MM)[None, :]
            alpha = alpha * (odd % 2)
        grey = np.nan_to_num(grey) * alpha  # premultiplied
        pixels = np.stack([grey, grey, grey, alpha * 255], axis=-1).astype(np.uint8)
        corners = np.full((2, 3), float(level))
        rows, columns = here.model.dims.displayed
        shape = here.geometry.shape
        corners[:, rows], corners[:, columns] = (-0.5, shape[rows] - 0.5), (-0.5, shape[columns] - 0.5)
        (ends, _) = here.pixels_of(here.geometry.to_lps(corners))
        if ends[0, 1] > ends[1, 1]:  # this axis runs up the screen
            pixels = pixels[::-1]
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied).copy()
        left, right = sorted((float(ends[0, 0]), float(ends[1, 0])))
        top, bottom = sorted((float(ends[0, 1]), float(ends[1, 1])))
        return ImageDrawing(image, QRectF(left, top, right - left, bottom - top), smooth=True)


def _sample(key: tuple[object, ...], here: Pane, level: int, other: Volume, mapping: PointMapping) -> _Sampled:
    """The values of another scan at the places of a slice; NaN outside of it."""
    rows, columns = here.model.dims.displayed
    shape, spacing = here.geometry.shape, here.geometry.spacing
    along = [np.linspace(-0.5, n - 0.5, min(n, _MOST_SAMPLES) + 1) for n in (shape[rows], shape[columns])]
    middles = [(ends[1:] + ends[:-1]) / 2 for ends in along]
    index = np.full((len(middles[0]), len(middles[1]), 3), float(level))
    index[..., rows], index[..., columns] = middles[0][:, None], middles[1][None, :]
    places = other.geometry.to_index(mapping(here.geometry.to_lps(index)))
    values = map_coordinates(other.array, np.moveaxis(places, -1, 0), order=1, cval=np.nan, output=np.float32)
    return _Sampled(key, values, middles[0] * spacing[rows], middles[1] * spacing[columns])
