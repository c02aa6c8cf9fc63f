"""A stroke of a brush under way: shown leg by leg in its slice, and made an edit when the button is released."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import EditDoesNotApply
from ctreview.tools import BrushSettings, Canvas
from ctreview.tools.brush import brushed
from ctreview.volume.box import Box
from napari_ctreview.correcting.sketches import StrokeTint, level_of
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane

__all__ = ["BrushStroke"]


class BrushStroke(StrokeTint, ABC):
    """The places of a stroke, and the voxels of its slice that it changes.

    Attributes
    ----------
    pane : int
        The number of the pane that it is drawn in.
    canvas : Canvas
    settings : BrushSettings
    """

    def __init__(self, number: int, shown: Pane, canvas: Canvas, settings: BrushSettings, colour: str) -> None:
        super().__init__(canvas.geometry, shown.across, level_of(shown, canvas.geometry), colour)
        self.pane, self.canvas, self.settings = number, canvas, settings
        self._shown = shown

    @property
    def payload(self) -> dict[str, Any]:
        """What edits of all brushes say: places, plane and settings."""
        return {"points": self.points, "plane": self.plane, "settings": asdict(self.settings)}

    @property
    def in_its_slice(self) -> bool:
        """Whether its pane still shows the slice that it was begun on."""
        return level_of(self._shown, self.canvas.geometry) == self.level

    def to(self, cursor: CursorPosition) -> None:
        """Go on to a place; only the new leg is looked at."""
        if not self.goes_on(cursor):
            return
        # a ball's cut through its own slice is the disc
        flat = replace(self.settings, shape="disc")
        try:
            box, where = brushed(self.canvas, self.points[-2:], self.plane, flat)
        except EditDoesNotApply:
            return  # this leg lies beside the image; the next may not
        self.add(box, np.asarray(self.changed(box, where)))

    @abstractmethod
    def changed(self, box: Box, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The voxels of a box that change where a leg covers some of them."""
