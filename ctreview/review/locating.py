"""Images of a study that were moved, found again by their stored digests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ctreview.dicom import Series, find_series
from ctreview.errors import CtreviewError, InputRefused
from ctreview.progress import Cancelled, Progress, part, quiet
from ctreview.review.images import load_settings_of
from ctreview.study import ImageReference, Study
from ctreview.volume.image_file import is_image_file
from ctreview.volume.load import LoadSettings, load_volume

__all__ = ["locate_images", "missing_images"]


def missing_images(study: Study) -> tuple[int, ...]:
    """The timepoints whose image does not lie any more where the study says, from 1."""
    return tuple(number for number in study.timepoints if not study.source(number).path.exists())


def locate_images(study: Study, folder: Path | str, *, progress: Progress = quiet) -> tuple[int, ...]:
    """Look for the missing images of a study in a folder or file, and let the study know where they lie now.

    An image is the one that was read where its voxels and its grid have the digest that the study keeps; names and
    dates prove nothing. What a study says of the place is no part of what is signed.

    Parameters
    ----------
    study : Study
        Held for writing by whoever calls.
    folder : path
        Where to look; folders in it are looked into as well.
    progress : Progress

    Returns
    -------
    tuple of int
        The timepoints that were found.

    Raises
    ------
    InputRefused
        None of them lies there.
    """
    folder, settings = Path(folder), load_settings_of(study)
    wanted = {number: study.source(number) for number in missing_images(study)}
    found: list[int] = []
    places = sorted(_places(folder), key=lambda one: not _likely(one, wanted.values()))
    for done, (path, series) in enumerate(places):
        if len(found) == len(wanted):
            break
        digest = _digest(path, series, settings, part(progress, done / len(places), (done + 1) / len(places)))
        for number, reference in wanted.items():
            if number not in found and reference.digest == digest:
                study.relocate(number, *_named(path, series, reference, signed=study.signed))
                found.append(number)
    if wanted and not found:
        raise InputRefused(
            f"none of the {len(places)} images there is one that this study was read on",
            where=folder,
            remedy="Choose the folder that holds the scans now. Only the same voxels on the same grid are taken.",
        )
    return tuple(found)


def _places(folder: Path) -> Iterator[tuple[Path, Series | None]]:
    """Everything that can be loaded: series of DICOM by their folder, other images by their file."""
    if is_image_file(folder):
        yield folder, None
        return
    for series in find_series(folder):
        if series.usable:
            yield folder, series
    if folder.is_dir():
        yield from ((path, None) for path in sorted(folder.rglob("*")) if path.is_file() and is_image_file(path))


def _named(path: Path, series: Series | None, reference: ImageReference, *, signed: bool) -> tuple[Path, str | None]:
    """The place and the series by which an image is found again, with the series called as before where that can be.

    Raises
    ------
    InputRefused
        A signature says how the series is called, and it is called otherwise now.
    """
    if series is None:
        return path, None
    for place in (path, Path(series.where)):
        usable = [one for one in find_series(place) if one.usable] if place.exists() else []
        named = [one for one in usable if reference.series in (one.key, one.uid)] if reference.series else usable
        if len(named) == 1 and (named[0].uid, named[0].part) == (series.uid, series.part):
            return place, reference.series
    if signed:
        raise InputRefused(
            "the scan was found among others, and what was signed says that it lies alone",
            where=path,
            remedy="Put the scan into a folder of its own.",
        )
    return path, series.key


def _likely(place: tuple[Path, Series | None], wanted: Iterable[ImageReference]) -> bool:
    """Whether it is called as one that is wanted, so that it is looked at first."""
    path, series = place
    if series is None:
        return any(one.path.name == path.name for one in wanted)
    return any(one.series == series.key or one.path.name == Path(series.where).name for one in wanted)


def _digest(path: Path, series: Series | None, settings: LoadSettings, progress: Progress) -> str | None:
    try:
        return load_volume(path if series is None else series, settings=settings, progress=progress).canonical().digest
    except Cancelled:
        raise
    except CtreviewError:
        return None  # it cannot be read, so that it is none that was
