"""The picture of a case for the quality page: one level in both scans, small enough for hundreds on a page."""

from __future__ import annotations

import base64
import io
from typing import Any

from PIL import Image

from ctreview.change.comparison import Comparison
from ctreview.report.cards import CardScan, key_card

__all__ = ["picture_of_case"]

WIDTH_PIXELS = 300
"""Of each scan: a tile shows both side by side on a screen of 1280."""

JPEG_QUALITY = 85


def picture_of_case(comparison: Comparison) -> dict[str, Any]:
    """One axial level in both scans, with the outlines of lungs and opacity apart from the image.

    Returns
    -------
    dict
        ``baseline`` and ``followup``, each with ``uri`` (a JPEG), ``width_mm``, ``height_mm``, ``place`` and
        ``outlines``, a colour and an SVG path in millimetres for each; ready for JSON.
    """
    sides = key_card(comparison).sides
    return {when: _side(side) for when, side in zip(("baseline", "followup"), sides, strict=True)}


def _side(side: CardScan) -> dict[str, Any]:
    data = base64.b64decode(side.picture.uri.partition(",")[2])
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("L")
    height = max(1, round(image.height * WIDTH_PIXELS / image.width))
    target = io.BytesIO()
    image.resize((WIDTH_PIXELS, height), Image.Resampling.LANCZOS).save(target, "JPEG", quality=JPEG_QUALITY)
    return {
        "uri": "data:image/jpeg;base64," + base64.b64encode(target.getvalue()).decode("ascii"),
        "width_mm": round(side.picture.width_mm, 1),
        "height_mm": round(side.picture.height_mm, 1),
        "place": f"slice {side.slice_number} of {side.of}",
        "outlines": [[one.colour, one.path] for one in side.opacity],
    }
