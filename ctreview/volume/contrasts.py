"""The contrasts of one muscle MRI examination, brought to one place so that a key can walk through them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctreview.dicom import Series
from ctreview.errors import DifferentPatients, GridMismatch, WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.volume.geometry import Geometry
from ctreview.volume.load import LoadSettings, load_volume
from ctreview.volume.resample import resample
from ctreview.volume.volume import Volume

__all__ = ["Contrast", "Examination", "contrast_name", "examination", "load_examination", "series_of_examination"]

# What series are called by their makers and users; the first that fits names the contrast. An image that is fat
# suppressed is named so before its weighting, because that decides what is bright.
_NAMES: tuple[tuple[str, str], ...] = (
    (r"fat.?frac|\bff\b|pdff", "fat fraction"),
    (r"stir|tirm|\btir\b", "STIR"),
    (r"dixon.*water|water.*dixon|_w\b|\bwater\b", "Dixon water"),
    (r"dixon.*fat|fat.*dixon|_f\b|\bfat only\b", "Dixon fat"),
    (r"opp(osed)?\b|out.?of.?phase|_opp", "Dixon opposed phase"),
    (r"in.?phase|_in\b", "Dixon in phase"),
    (r"t2.*(fs|fat.?sat|spair|spir)", "T2 fat suppressed"),
    (r"t2.?map|\bt2 ?relax", "T2 map"),
    (r"\bt2|_t2", "T2"),
    (r"\bt1|_t1", "T1"),
    (r"\bpd\b|proton", "proton density"),
)
_PARALLEL = 1e-4  # axes that differ by less than 0.01 of a degree or so point the same way


@dataclass(frozen=True, eq=False)
class Contrast:
    """One image of an examination.

    Attributes
    ----------
    name : str
        "T1", "STIR", "Dixon water" …; the series' own description where that says none of them.
    volume : Volume
        On axes parallel to the examination's first image.
    acquired : Volume
        On its own grid, for measuring; the same unless it was turned onto those axes for display.
    """

    name: str
    volume: Volume
    acquired: Volume

    @property
    def resampled(self) -> bool:
        """Whether it was turned."""
        return self.acquired is not self.volume


@dataclass(frozen=True, eq=False)
class Examination:
    """Images of one examination that lie in one frame of reference.

    Attributes
    ----------
    contrasts : tuple of Contrast
        In the order they were given.
    """

    contrasts: tuple[Contrast, ...]

    def __getitem__(self, name: str) -> Contrast:
        for contrast in self.contrasts:
            if contrast.name == name:
                return contrast
        known = ", ".join(contrast.name for contrast in self.contrasts)
        raise WrongUse(f"no contrast is called {name!r}", remedy=f"Known here: {known}.")

    def after(self, name: str) -> Contrast:
        """The next contrast, the first again after the last."""
        names = [contrast.name for contrast in self.contrasts]
        return self.contrasts[(names.index(name) + 1) % len(names)]


def contrast_name(volume: Volume) -> str:
    """What kind of image it is, from its unit and its series' description."""
    described = (volume.acquisition.description or "").strip()
    if volume.unit == "fraction":
        return "fat fraction"
    if volume.unit == "ms":
        return "T2 map"
    for pattern, name in _NAMES:
        if re.search(pattern, described.lower().replace("-", " ")):
            return name
    return described or (volume.acquisition.modality or "image")


def examination(volumes: Sequence[Volume]) -> Examination:
    """Bring the images of one examination to one place by their geometry.

    Images whose axes are parallel to those of the first keep their grid, whatever its spacing and extent. Others (say
    coronal beside axial ones) are resampled, for display, to the axes of the first over their own extent.

    Parameters
    ----------
    volumes : sequence of Volume
        The first leads.

    Raises
    ------
    GridMismatch
        They do not share a frame of reference, so that their geometry says nothing of how they belong together.
    DifferentPatients
        Their headers name two patients.
    """
    if not volumes:
        raise WrongUse("an examination needs at least one image")
    first = volumes[0]
    names: list[str] = []
    contrasts = []
    for volume in volumes:
        _require_one_examination(first, volume)
        parallel = np.allclose(volume.geometry.directions, first.geometry.directions, atol=_PARALLEL)
        shown = volume if parallel else resample(volume, _turned(volume.geometry, first.geometry))
        name = contrast_name(volume)
        names.append(name)
        seen = names.count(name)
        contrasts.append(Contrast(name if seen == 1 else f"{name} {seen}", shown, volume))
    return Examination(tuple(contrasts))


def series_of_examination(series: Sequence[Series], leader: Series | None = None) -> tuple[Series, ...]:
    """The MR series that lie in one frame of reference with one of them, of one patient; localisers only if alone.

    Parameters
    ----------
    series : sequence of Series
        What a folder holds.
    leader : Series, optional
        Comes first; by default the first that is no localiser.
    """
    images = [one for one in series if one.modality == "MR"]
    images = [one for one in images if one.kind != "localiser"] or images
    if leader is None and not images:
        return ()
    first = leader or images[0]
    patient = first.acquisition.patient
    return (
        first,
        *(
            one
            for one in images
            if one is not first
            and one.frame_of_reference == first.frame_of_reference
            and not patient.conflicts(one.acquisition.patient)
        ),
    )


def load_examination(
    series: Sequence[Series], *, settings: LoadSettings | None = None, progress: Progress = quiet
) -> Examination:
    """Load the series of one examination and bring them to one place; errors are those of loading and `examination`."""
    steps = len(series)
    return examination(
        [
            load_volume(one, settings=settings, progress=part(progress, number / steps, (number + 1) / steps))
            for number, one in enumerate(series)
        ]
    )


def _require_one_examination(first: Volume, other: Volume) -> None:
    conflicts = first.acquisition.patient.conflicts(other.acquisition.patient)
    if conflicts:
        raise DifferentPatients(
            f"the {' and '.join(conflicts)} of two images of one examination differ",
            remedy="Open the images of one patient together.",
        )
    if first.geometry.frame_of_reference != other.geometry.frame_of_reference:
        raise GridMismatch(
            "two images of one examination have different frames of reference",
            remedy="Open them as two timepoints, or give them together only if the patient did not move between them.",
        )


def _turned(grid: Geometry, onto: Geometry) -> Geometry:
    """A grid along the axes of another that holds all of this one, at this one's finest spacing within the plane."""
    spacing = np.full(3, float(np.sort(grid.spacing)[:2].mean()))
    corners = grid.corners() @ onto.directions  # along each axis of the other
    low, high = corners.min(axis=0), corners.max(axis=0)
    a, b, c = (int(n) for n in np.ceil((high - low) / spacing - 1e-6) + 1)
    affine = np.eye(4)
    affine[:3, :3] = onto.directions * spacing
    affine[:3, 3] = onto.directions @ low
    return Geometry((a, b, c), affine, grid.frame_of_reference)
