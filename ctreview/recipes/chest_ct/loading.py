"""The first step: a CT is loaded."""

from __future__ import annotations

from pathlib import Path

from ctreview.dicom.series import Series
from ctreview.errors import WrongModality
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume

__all__ = ["ScanInput", "load_ct"]

ScanInput = Volume | Series | Path | str
"""A scan: an image in memory, a series of `find_series`, or a path."""


def load_ct(
    source: ScanInput,
    series: str | None = None,
    *,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> Volume:
    """Load a scan, in canonical axes.

    Raises
    ------
    WrongModality
        It is no CT, or its numbers are no HU.
    """
    settings = settings or ChestCtSettings()
    volume = (
        source
        if isinstance(source, Volume)
        else load_volume(source, series=series, settings=settings.load, progress=progress)
    )
    if volume.unit != "HU" or volume.acquisition.modality not in (None, "CT"):
        where = None if isinstance(source, Volume | Series) else source
        if volume.unit_reason is not None and volume.acquisition.modality in (None, "CT"):
            raise WrongModality(f"{volume.unit_reason}: these are no HU", where=where, remedy="Give a CT in HU.")
        raise WrongModality(
            f"this is {volume.acquisition.modality or 'no CT'}, and density in HU is needed",
            where=where,
            remedy="Give a CT.",
        )
    return volume.canonical()
