"""The images of a study, loaded again and found to be those that it was made on."""

from __future__ import annotations

from pathlib import Path

from ctreview.dicom import Series, find_series
from ctreview.errors import ImageMoved, InputRefused
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct import ChestCtSettings
from ctreview.recipes.chest_ct.loading import load_ct
from ctreview.review.archive import settings_of
from ctreview.study import ImageReference, Study
from ctreview.volume.contrasts import Examination, examination, load_examination, series_of_examination
from ctreview.volume.image_file import is_image_file
from ctreview.volume.load import LoadSettings, load_volume
from ctreview.volume.volume import Volume

__all__ = ["load_ct_of_study", "load_examination_of_study", "load_settings_of"]


def load_ct_of_study(
    study: Study,
    number: int,
    *,
    scan: Path | str | None = None,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> Volume:
    """The CT of a timepoint, as it was when the study was made.

    Parameters
    ----------
    study : Study
    number : int
        Of the timepoint, from 1.
    scan : path, optional
        Where the image lies now, if it was moved.
    settings : ChestCtSettings, optional
        How it is loaded.
    progress : Progress

    Raises
    ------
    ImageMoved
        It is gone.
    InputRefused
        Another one lies there now.
    """
    reference = study.source(number)
    path = _existing(reference.path if scan is None else Path(scan), number)
    volume = load_ct(path, reference.series if scan is None else None, settings=settings, progress=progress)
    _require_same(volume, reference, path, number)
    return volume


def load_examination_of_study(study: Study, number: int, *, progress: Progress = quiet) -> Examination:
    """The MR images of a timepoint, as they were when the study was made; errors are those of `load_ct_of_study`."""
    reference = study.source(number)
    path = _existing(reference.path, number)
    settings = load_settings_of(study)
    series = () if is_image_file(path) else _series(reference)
    found = (
        load_examination(series, settings=settings, progress=progress)
        if series
        else examination([load_volume(path, settings=settings, progress=progress)])
    )
    _require_same(found.contrasts[0].volume, reference, path, number)
    return found


def load_settings_of(study: Study) -> LoadSettings:
    """How the images of a study were loaded; defaults and errors are those of `settings_of`."""
    return settings_of(study, only="load").load


def _series(reference: ImageReference) -> tuple[Series, ...]:
    """What was read of a folder: the series that was chosen, with those that belong to it."""
    found = [one for one in find_series(reference.path) if one.usable]
    return series_of_examination(found, next((one for one in found if one.key == reference.series), None))


def _existing(path: Path, number: int) -> Path:
    if not path.exists():
        raise ImageMoved(
            f"the image of timepoint {number} is gone",
            where=path,
            remedy="Put it back there, or locate it; to replay corrections, --scan says where it lies now.",
        )
    return path


def _require_same(volume: Volume, reference: ImageReference, path: Path, number: int) -> None:
    if volume.digest != reference.digest:
        raise InputRefused(
            f"this is not the image that timepoint {number} was read on",
            where=path,
            remedy="Give the scan that the study was made with, loaded with the same settings.",
        )
