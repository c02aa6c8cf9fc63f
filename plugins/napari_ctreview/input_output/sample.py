"""The phantom child under File > Open Sample."""

from __future__ import annotations

from ctreview.sample_data import sample_data
from napari_ctreview.input_output.reader import read
from napari_ctreview.viewer.layers import LayerData

__all__ = ["after", "before"]


def before() -> list[LayerData]:
    """Layers of the scan before treatment."""
    return read(str(sample_data() / "before"))


def after() -> list[LayerData]:
    """Layers of the scan after treatment."""
    return read(str(sample_data() / "after"))
