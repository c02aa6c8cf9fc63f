"""What is dropped on the panes, found and read by the core away from the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ctreview.dicom import Series, find_series
from ctreview.errors import WrongModality
from ctreview.progress import Progress
from ctreview.review.archive import ImageSource
from ctreview.volume.contrasts import Examination, examination, load_examination, series_of_examination
from ctreview.volume.load import LoadSettings, load_volume, with_unread_named
from ctreview.volume.volume import Volume
from napari_ctreview.input_output.reader import is_image_file

__all__ = ["Scan", "find_readable", "load_scan", "one_path", "require_one_kind", "without_choice"]


@dataclass(frozen=True, eq=False)
class Scan:
    """One timepoint as it was loaded.

    Attributes
    ----------
    place : ImageSource
        Where from.
    volume : Volume
        The CT, or the first image of an MR examination.
    contrasts : Examination or None
        All images of it, where it is MR; the image itself, where a file without a modality holds no HU.
    """

    place: ImageSource
    volume: Volume
    contrasts: Examination | None = None

    @property
    def modality(self) -> str:
        """CT or MR; "image" where nothing says so."""
        return self.volume.acquisition.modality or ("CT" if self.volume.unit == "HU" else "image")


def one_path(paths: Sequence[str]) -> list[Path]:
    """The folders or files that are meant: slices dropped one by one stand for their folder."""
    found = [Path(one) for one in paths]
    if len(found) > 1 and len({one.parent for one in found}) == 1 and not any(map(_alone, found)):
        return [found[0].parent]
    return found


def _alone(path: Path) -> bool:
    return path.is_dir() or is_image_file(path) or path.suffix.lower() == ".zip"


def find_readable(path: Path, progress: Progress) -> tuple[Series, ...]:
    """The series that can be read, each warning of those beside it that cannot; none where it is another format's file.

    Where nothing can be read, `load_scan` says why.
    """
    if is_image_file(path):
        return ()
    found = find_series(path, progress=progress)
    unread = [series for series in found if not series.usable]
    return tuple(with_unread_named(series, unread) for series in found if series.usable)


def without_choice(found: Sequence[Series]) -> Sequence[Series] | None:
    """The series to load where there is no choice; None where the reader must choose."""
    if len(found) < 2:
        return found
    together = series_of_examination(found)
    images = {one for one in found if one.kind != "localiser"}
    return together if together and images <= set(together) else None


def load_scan(path: Path, series: Sequence[Series], settings: LoadSettings, progress: Progress) -> Scan:
    """Load the series that were chosen: one CT, or the images of an MR examination.

    Raises
    ------
    InputRefused
        It cannot be read, or there is no image.
    """
    if not series:
        volume = load_volume(path, settings=settings, progress=progress)
        return _scan(ImageSource(path), volume, None if volume.unit == "HU" else examination([volume]))
    place = ImageSource(path, series[0].key)
    if series[0].modality == "MR":
        together = load_examination(series, settings=settings, progress=progress)
        return _scan(place, together.contrasts[0].volume, together)
    return _scan(place, load_volume(series[0], settings=settings, progress=progress))


def _scan(place: ImageSource, volume: Volume, contrasts: Examination | None = None) -> Scan:
    """With its digest, which takes a while for a large scan and is asked for in the window's thread later."""
    found = Scan(place, volume.canonical(), contrasts)
    found.volume.digest  # noqa: B018 - kept by the volume
    return found


def require_one_kind(first: Scan, second: Scan) -> None:
    """Refuse a CT beside an MR examination.

    Raises
    ------
    WrongModality
        It names both.
    """
    if first.modality != second.modality:
        raise WrongModality(
            f"the baseline is {first.modality} and the follow-up {second.modality}, which cannot be compared",
            remedy="Load two CTs, or two MR examinations.",
        )
