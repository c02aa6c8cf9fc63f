"""The first step: the series of one examination are loaded, and it is said which image is used for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ctreview.dicom import find_series
from ctreview.errors import NoSeriesFound, WrongModality, WrongUse
from ctreview.muscle.tissue_levels import FatSignal
from ctreview.progress import Progress, quiet
from ctreview.volume.contrasts import Examination, examination, load_examination, series_of_examination
from ctreview.volume.image_file import is_image_file
from ctreview.volume.load import LoadSettings, load_volume
from ctreview.volume.volume import Volume

__all__ = ["ExaminationInput", "TissueSource", "load_mri", "tissue_source"]

ExaminationInput = Examination | Sequence[Path | str] | Path | str
"""An examination: in memory, or the paths of its series."""

FAT_SIGNAL: Mapping[str, FatSignal] = {
    "T1": "bright",
    "T2": "bright",
    "proton density": "bright",
    "Dixon fat": "bright",
    "Dixon water": "dark",
    "STIR": "dark",
    "T2 fat suppressed": "dark",
}
"""Contrasts that tissue can be told by, the best first, and whether fat is brighter than muscle in them."""


@dataclass(frozen=True, eq=False)
class TissueSource:
    """The image that tissue is told by.

    Attributes
    ----------
    image : Volume
        Of water and fat, that of water.
    fat : Volume or None
    fat_signal : {"bright", "dark"} or None
        None where it has to be found in the image.
    words : str
        Which contrast that is.
    """

    image: Volume
    fat: Volume | None
    fat_signal: FatSignal | None
    words: str


def load_mri(
    source: ExaminationInput,
    *,
    contrasts: Mapping[str, str] | None = None,
    settings: LoadSettings | None = None,
    progress: Progress = quiet,
) -> Examination:
    """Load the MR images of one examination.

    Parameters
    ----------
    source : Examination, path, or sequence of path
        Folders of DICOM files, and files of other formats. Files are taken to lie in one frame of reference.
    contrasts : mapping of str to str, optional
        What a file shows, by its name or path: ``{"thighs.nii.gz": "T1"}``. Files of other formats do not tell.
    settings : LoadSettings, optional

    Raises
    ------
    WrongModality
        A CT.
    NoSeriesFound
        A folder holds no MR series.
    WrongUse
        A contrast is named for a file that was not given.
    InputRefused
        An image cannot be read.
    """
    if isinstance(source, Examination):
        return source
    paths = [Path(source)] if isinstance(source, str | Path) else [Path(one) for one in source]
    names = dict(contrasts or {})
    files = [path for path in paths if is_image_file(path)]
    strange = [name for name in names if not any(name in (path.name, str(path)) for path in files)]
    if strange:
        raise WrongUse(
            f"a contrast is named for {strange[0]}, which is not among the files",
            remedy="Name one of the NIfTI, NRRD or MetaImage files that are given.",
        )
    volumes: list[Volume] = []
    for path in paths:
        if path in files:
            name = names.get(path.name, names.get(str(path)))
            volumes.append(_file(path, name, volumes, settings))
        else:
            volumes += [one.acquired for one in _folder(path, settings, progress).contrasts]
    return examination([one.canonical() for one in volumes])


def _file(path: Path, name: str | None, before: Sequence[Volume], settings: LoadSettings | None) -> Volume:
    """An image of a format that says neither what it shows nor where its patient lay."""
    volume = load_volume(path, settings=settings)
    if volume.unit == "HU":
        raise WrongModality("this is a CT", where=path, remedy="Give MR images.")
    if volume.geometry.shape[0] < 2:
        raise WrongUse(
            "this image has one slice, and volumes need several", where=path, remedy="Give the whole series."
        )
    frame = before[0].geometry.frame_of_reference if before else volume.geometry.frame_of_reference
    acquisition = replace(volume.acquisition, modality="MR", description=name)
    return replace(volume, geometry=replace(volume.geometry, frame_of_reference=frame), acquisition=acquisition)


def _folder(path: Path, settings: LoadSettings | None, progress: Progress) -> Examination:
    found = find_series(path)
    usable = [one for one in found if one.usable]
    chosen = series_of_examination(usable)
    if not chosen:
        others = sorted({one.modality or "unknown" for one in found})
        if any(one.modality == "CT" for one in found):
            raise WrongModality("this folder holds CT and no MRI", where=path, remedy="Give the MR series.")
        refused = next((one.refusal for one in found if one.refusal is not None and one.modality == "MR"), None)
        if refused is not None:
            raise refused
        raise NoSeriesFound(f"no MR series is here (found: {', '.join(others) or 'nothing'})", where=path)
    return load_examination(chosen, settings=settings, progress=progress)


def tissue_source(images: Examination) -> TissueSource:
    """Choose what tissue is told by: water and fat where both are there, else the best single contrast.

    Raises
    ------
    WrongUse
        Water is there and fat is not, or the reverse, and nothing else to tell tissue by.
    """
    water, fat = images.measured("Dixon water"), images.measured("Dixon fat")
    if water is not None and fat is not None:
        return TissueSource(water, fat, "dark", "Dixon water and fat")
    for name, signal in FAT_SIGNAL.items():
        found = images.measured(name)
        if found is not None:
            return TissueSource(found, None, signal, name)
    first = images.contrasts[0]
    return TissueSource(first.acquired, None, None, f"{first.name} (contrast not stated)")
