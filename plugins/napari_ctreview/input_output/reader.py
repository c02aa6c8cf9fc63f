"""What happens when a folder or file is dropped on napari."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ctreview.dicom import Series, find_series
from ctreview.volume.load import load_volume
from ctreview.volume.segmentation import read_segmentation
from napari_ctreview.viewer.layers import LayerData, image_layer, labels_layer

__all__ = ["choose_series", "get_reader", "is_image_file", "read"]

Reader = Callable[[str | list[str]], list[LayerData]]

_IMAGE_FILES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """The reader for what was dropped, or None where another plugin should try.

    A folder, an archive and a DICOM file are looked into; a file that only claims to be one is left to others.
    """
    first = Path(path if isinstance(path, str) else path[0])
    if not first.exists():
        return None
    if (
        first.is_dir()
        or first.name.lower().endswith((*_IMAGE_FILES, ".zip", ".dcm", ".ima"))
        or first.name == "DICOMDIR"
    ):
        return read
    return read if _is_dicom(first) else None


def read(path: str | list[str]) -> list[LayerData]:
    """Layers for every path; a folder with several series asks which.

    Raises
    ------
    CtreviewError
        What was found, where, and what to do; napari shows it.
    """
    paths = [Path(one) for one in ([path] if isinstance(path, str) else path)]
    if len(paths) > 1 and len({one.parent for one in paths}) == 1 and all(_is_dicom(one) for one in paths):
        paths = [paths[0].parent]  # slices dropped one by one: their folder is the series
    return [layer for one in paths for layer in _read_one(one)]


def choose_series(found: Sequence[Series]) -> Series | None:
    """Ask which series is meant; None if the question was closed. Replaced in tests."""
    from napari_ctreview.input_output.series_chooser import ask  # noqa: PLC0415 - a window, needed only where there is a choice

    return ask(found)


def is_image_file(path: Path) -> bool:
    """Whether a file is of a format that holds one image and no series: NIfTI, NRRD, MetaImage."""
    return path.name.lower().endswith(_IMAGE_FILES)


def _read_one(path: Path) -> list[LayerData]:
    if path.name.lower().endswith(".seg.nrrd"):
        return [
            labels_layer(one, name=f"{path.name[:-9]} {number}")
            for number, one in enumerate(read_segmentation(path), 1)
        ]
    if is_image_file(path):
        return [image_layer(load_volume(path), name=path.name)]
    usable = [series for series in find_series(path) if series.usable]
    if len(usable) > 1:
        chosen = choose_series(usable)
        if chosen is None:
            return []
        return [image_layer(load_volume(chosen), name=_name(chosen))]
    return [image_layer(load_volume(path), name=_name(usable[0]) if usable else path.name)]


def _name(series: Series) -> str:
    """What a layer of a series is called: no identity, only what was scanned."""
    described = series.acquisition.description
    return f"{series.modality} {series.key}" + (f" {described}" if described else "")


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False
