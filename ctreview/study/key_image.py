"""Slices that a reader wants to be found again: where, how shown, and the picture of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ctreview.errors import WrongUse
from ctreview.study.finding import Point
from ctreview.study.shape import Kind, matching, number, one_of, point, record, text, whole

__all__ = ["KEY_IMAGE", "KeyImage"]

_ID = r"[0-9A-Za-z_-]{1,64}"
"""An id names a file, so that it has no part of a path."""

PLANES = ("axial", "coronal", "sagittal")

KEY_IMAGE: Kind = record(
    {
        "id": matching(_ID, "an id of letters and digits"),
        "timepoint": whole,
        "place": point,
        "plane": one_of(PLANES),
        "window_level": number,
        "window_width": number,
    },
    {"slab": text, "slab_mm": number, "contrast": text, "caption": text},
)
"""What `KeyImage.from_json` reads."""


@dataclass(frozen=True)
class KeyImage:
    """One slice of one timepoint, as it was shown.

    Attributes
    ----------
    timepoint : int
        The study's number of it.
    place : point
        The middle of the pane, in LPS millimetres of that timepoint.
    plane : {"axial", "coronal", "sagittal"}
        What was cut.
    window_level, window_width : float
        In the image's unit.
    slab : str
        "MIP", "MinIP" or "average"; empty where the slice was thin.
    slab_mm : float
        How thick it was; 0 where thin.
    contrast : str
        "T1", "STIR" … of an MR examination; empty for CT.
    caption : str
        What the reader says of it.
    id : str
        Unique within the study; its picture is called so.
    """

    timepoint: int
    place: Point
    plane: str
    window_level: float
    window_width: float
    slab: str = ""
    slab_mm: float = 0.0
    contrast: str = ""
    caption: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if not re.fullmatch(_ID, self.id):
            raise WrongUse("the id of a key image is made of letters and digits")

    @property
    def shown(self) -> str:
        """How it is shown, in words: "axial, MIP 8 mm, W 1500 L −600"."""
        slab = (f"{self.slab} {self.slab_mm:g} mm",) if self.slab else ()
        window = f"W {self.window_width:.4g} L {self.window_level:.4g}".replace("-", "\N{MINUS SIGN}")
        return ", ".join((self.plane, *((self.contrast,) if self.contrast else ()), *slab, window))

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {
            "id": self.id,
            "timepoint": self.timepoint,
            "place": list(self.place),
            "plane": self.plane,
            "window_level": self.window_level,
            "window_width": self.window_width,
            "slab": self.slab,
            "slab_mm": self.slab_mm,
            "contrast": self.contrast,
            "caption": self.caption,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> KeyImage:
        """Read what `to_json` wrote."""
        x, y, z = (float(v) for v in plain["place"])
        known = {field.name: plain[field.name] for field in fields(cls) if field.name in plain}
        return cls(**{**known, "place": (x, y, z)})
