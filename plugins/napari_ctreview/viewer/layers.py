"""The only mapping between the core's grids and napari's layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume
from napari_ctreview.viewer.presets import limits, windows_for

__all__ = [
    "AXES",
    "LayerData",
    "geometry_of",
    "image_layer",
    "labels_layer",
    "labels_of",
    "to_lps",
    "to_world",
]

AXES = ("head", "posterior", "left")
"""Names of the world axes: what each runs towards."""

LayerData = tuple[Any, dict[str, Any], str]
"""Data, options and kind: how napari takes a layer from a plugin."""


def image_layer(volume: Volume, *, name: str) -> LayerData:
    """A volume as napari's layer tuple, in millimetres, in the first of its windows (that of the lung where it is CT).

    The world axes are the volume's own array axes in millimetres. So an oblique acquisition is shown straight, as it
    was acquired; where a cursor is in the patient is asked of `to_lps`.
    """
    return (
        volume.array,
        _placed(volume.geometry, name) | _contrast(volume) | {"metadata": {"ctreview": volume}},
        "image",
    )


def labels_layer(labels: LabelMap, *, name: str, array: npt.NDArray[Any] | None = None) -> LayerData:
    """A label map as napari's layer tuple with its colours and names.

    Parameters
    ----------
    labels : LabelMap
        The regions.
    name : str
        What the layer is called.
    array : ndarray, optional
        A writable array of the same shape to show instead of the frozen one.
    """
    colours: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4)}
    colours |= {label.value: np.array([*label.colour, 255]) / 255 for label in labels.scheme}
    shown = labels.array if array is None else array
    features = {
        "index": [0, *(label.value for label in labels.scheme)],
        "name": ["background", *(label.name for label in labels.scheme)],
    }
    options = _placed(labels.geometry, name) | {
        "colormap": colours,
        "features": features,
        "opacity": 0.45,
        "blending": "translucent_no_depth",  # with depth a label map hides those that are laid over it
        "metadata": {"ctreview": labels},
    }
    return shown, options, "labels"


def labels_of(layer: Any) -> LabelMap:
    """The label map that a layer shows: its present array with the names and place it was made from.

    A layer that another program made has no frame of reference: it gets the names "label 1", "label 2" … and the
    place that its scale and translation say, in a frame of its own.
    """
    array = np.asarray(layer.data)
    known = layer.metadata.get("ctreview")
    if isinstance(known, LabelMap):
        return LabelMap(array.astype(known.array.dtype), known.geometry, known.scheme)
    values = [int(v) for v in np.unique(array) if v > 0]
    scheme = Scheme(tuple(Label(v, f"label_{v}", _colour(layer, v)) for v in values))
    smallest = np.uint8 if max(values, default=0) < 256 else np.uint16
    return LabelMap(array.astype(smallest), geometry_of(layer), scheme)


def geometry_of(layer: Any) -> Geometry:
    """Where a layer's voxels lie.

    Raises
    ------
    WrongUse
        The layer is rotated or sheared by hand, or not three-dimensional.
    """
    known = layer.metadata.get("ctreview")
    if known is not None:
        grid: Geometry = known.geometry
        return grid
    if layer.ndim != 3:
        raise WrongUse(f"the layer {layer.name!r} has {layer.ndim} axes, and three are needed")
    if not np.allclose(layer.affine.linear_matrix, np.eye(3)) or not np.allclose(layer.rotate, np.eye(3)):
        raise WrongUse(f"the layer {layer.name!r} is rotated or sheared", remedy="Reset its transform first.")
    head, posterior, left = (float(v) for v in layer.translate)
    return Geometry.aligned(
        tuple(layer.data.shape),
        layer.scale,
        origin=(left, posterior, head),
        frame_of_reference=f"source:layer {layer.name}",
    )


def to_world(geometry: Geometry, points: npt.ArrayLike) -> FloatArray:
    """World coordinates (…, 3) in the viewer of points (…, 3) in LPS millimetres."""
    index = geometry.to_index(points)
    return np.asarray(index * np.array(geometry.spacing) + _translate(geometry))


def to_lps(geometry: Geometry, world: npt.ArrayLike) -> FloatArray:
    """LPS millimetres (…, 3) of world coordinates (…, 3) in the viewer."""
    index = (np.asarray(world, dtype=float) - _translate(geometry)) / np.array(geometry.spacing)
    return geometry.to_lps(index)


def _translate(geometry: Geometry) -> FloatArray:
    """World coordinate of voxel (0, 0, 0): how far along each of its own axes it lies from the patient's origin."""
    return np.asarray(geometry.origin @ geometry.directions)


def _placed(geometry: Geometry, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "scale": geometry.spacing,
        "translate": tuple(float(v) for v in _translate(geometry)),
        "units": ("mm", "mm", "mm"),
        "axis_labels": AXES,
    }


def _contrast(volume: Volume) -> dict[str, Any]:
    usual = next(iter(windows_for(volume).values()))
    # linear, as a viewing station draws it; what is measured is read from the voxels
    return {"contrast_limits": limits(usual), "colormap": "gray", "interpolation2d": "linear"}


def _colour(layer: Any, value: int) -> tuple[int, int, int]:
    found = layer.get_color(value)
    if found is None:
        return 255, 0, 0
    red, green, blue = (round(float(channel) * 255) for channel in np.asarray(found)[:3])
    return red, green, blue
