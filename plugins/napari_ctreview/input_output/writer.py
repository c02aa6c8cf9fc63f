"""Label layers to a segmentation that 3D Slicer opens."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ctreview.volume.geometry import require_same_grid
from ctreview.volume.segmentation import write_segmentation
from napari_ctreview.viewer.layers import labels_of

__all__ = ["write_segmentation_layers"]


def write_segmentation_layers(path: str, layers: list[tuple[Any, dict[str, Any], str]]) -> list[str]:
    """Write label layers into one ``.seg.nrrd``; each label keeps its name, colour and code.

    Parameters
    ----------
    path : str
        The file; ``.seg.nrrd`` is put at its end if need be.
    layers : list of layer tuples
        As napari hands them over.

    Returns
    -------
    list of str
        The file that was written.

    Raises
    ------
    GridMismatch
        The layers do not lie in the same place.
    """
    maps = [labels_of(_as_layer(data, options)) for data, options, _ in layers]
    require_same_grid(*maps)
    target = Path(path if path.endswith(".seg.nrrd") else path.removesuffix(".nrrd") + ".seg.nrrd")
    write_segmentation(target, maps)
    return [str(target)]


def _as_layer(data: Any, options: dict[str, Any]) -> Any:
    """What `labels_of` needs of a layer, from the plain tuple that a writer gets."""
    from napari_ctreview.napari_adapter import make_layer  # noqa: PLC0415 - Qt, needed only for a foreign layer

    if "metadata" in options and "ctreview" in options["metadata"]:
        return SimpleNamespace(data=data, metadata=options["metadata"], name=options.get("name", ""))
    return make_layer(data, options, "labels")
