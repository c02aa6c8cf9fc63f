"""The first scribble prepared: what it compiles or reads from the cache is there before the reader draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.tools import Canvas, FeatureMemory, ScribbleSettings, propose
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

__all__ = ["warm_up_tools"]

_SIDE = 24
_ORGAN = Scheme((Label(1, "right_lung", (80, 160, 220)),))


def warm_up_tools() -> None:
    """Teach a classifier two strokes on a cube of noise; nothing is kept but compiled code."""
    shape = (_SIDE, _SIDE, _SIDE)
    grid = Geometry.aligned(shape, (1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), frame_of_reference="source:nothing")
    noise = np.random.default_rng(0).normal(-800, 40, shape)
    noise[:, : _SIDE // 2] += 300
    volume = Volume(noise.astype(np.int16), grid)
    labels = LabelMap(np.zeros(shape, np.uint8), grid, OPACITY_SCHEME)
    organ = LabelMap(np.ones(shape, np.uint8), grid, _ORGAN)
    rows = [[[float(x), y, _SIDE / 2] for x in range(4, _SIDE - 4)] for y in (5.0, _SIDE - 6.0)]
    first = next(iter(OPACITY_SCHEME)).key
    strokes = [{"points": points, "label": label} for points, label in zip(rows, (first, None), strict=True)]
    memory, settings = FeatureMemory(), replace(ScribbleSettings(), reach_mm=8.0)
    for known in (strokes[:1], strokes):  # with the second stroke features of the first are taken from memory
        propose(Canvas(volume, labels, within=organ), strokes=known, settings=settings, memory=memory)
