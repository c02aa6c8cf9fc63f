"""Windows: which values of an image are shown between black and white."""

from __future__ import annotations

import numpy as np

from ctreview.volume.volume import Volume

__all__ = ["WINDOWS", "Window", "limits", "window_name", "windows_for"]

Window = tuple[float, float]

WINDOWS: dict[str, Window] = {
    "lung": (-600.0, 1500.0),
    "ground glass": (-700.0, 700.0),
    "mediastinum": (40.0, 400.0),
    "bone": (400.0, 1800.0),
}
"""Level and width of each preset for CT, in HU."""

_FRACTION: dict[str, Window] = {"whole": (0.5, 1.0), "low": (0.15, 0.3)}
_MILLISECONDS: dict[str, Window] = {"muscle": (50.0, 60.0), "oedema": (75.0, 110.0)}

# Percentiles of what is not background. An MR image has no unit, so its presets are shares of its own range: all of
# it, muscle without the brightest fat, and the bright end, where water shows in fat-suppressed images.
_SHARES: dict[str, tuple[float, float]] = {"whole": (0.5, 99.5), "muscle": (0.5, 85.0), "oedema": (30.0, 99.9)}
_SAMPLES_PER_AXIS = 48


def windows_for(volume: Volume) -> dict[str, Window]:
    """Level and width of each preset of an image, in its own unit, the usual one first.

    CT and maps with a unit have fixed windows, so that two timepoints look alike. Images without a unit have windows
    made from their own values.
    """
    if volume.unit == "HU":
        return dict(WINDOWS)
    if volume.unit == "fraction":
        return dict(_FRACTION)
    if volume.unit == "ms":
        return dict(_MILLISECONDS)
    steps = tuple(slice(None, None, max(1, n // _SAMPLES_PER_AXIS)) for n in volume.array.shape)
    values = np.asarray(volume.array[steps], dtype=float)
    values = values[np.isfinite(values)]
    bright = values[values > np.median(values)] if values.size else values
    # half of an MR image is air; its noise would set the percentiles
    signal = values[values > 0.1 * np.percentile(bright, 95)] if bright.size else values
    if not signal.size or signal.min() == signal.max():
        return dict.fromkeys(_SHARES, (0.5, 1.0))
    found = {}
    for name, (low, high) in _SHARES.items():
        floor, ceiling = np.percentile(signal, [low, high])
        floor = floor if name == "oedema" else 0.0
        found[name] = (float(floor + ceiling) / 2, float(max(ceiling - floor, 1e-6)))
    return found


def limits(window: Window) -> tuple[float, float]:
    """The values shown black and white."""
    level, width = window
    return level - width / 2, level + width / 2


def window_name(contrast_limits: tuple[float, float], windows: dict[str, Window]) -> str:
    """The preset that these limits are, or an empty text."""
    for name, window in windows.items():
        if np.allclose(limits(window), contrast_limits, rtol=1e-4, atol=1e-6):
            return name
    return ""
