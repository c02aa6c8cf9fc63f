"""The contrasts of one muscle MRI examination, brought to one place so that a key can walk through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctreview.dicom import Series
from ctreview.errors import DifferentPatients, GridMismatch, InconsistentSeries, WrongModality, WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.volume.geometry import Geometry
from ctreview.volume.load import LoadSettings, load_volume
from ctreview.volume.mr_contrast import contrast_name
from ctreview.volume.resample import resample
from ctreview.volume.stations import are_stations, join_stations, matched_for_display
from ctreview.volume.volume import Volume

__all__ = ["Contrast", "Examination", "examination", "load_examination", "series_of_examination"]

_PARALLEL = 1e-4  # axes that differ by less than 0.01 of a degree or so point the same way


@dataclass(frozen=True, eq=False)
class Contrast:
    """One image of an examination.

    Attributes
    ----------
    name : str
        "T1", "STIR", "Dixon water" …; the series' own description where that says none of them. A second image of
        one kind has a number behind it.
    volume : Volume
        For display: on axes parallel to the examination's first image, its stations equally bright.
    acquired : Volume
        On its own grid with the values as measured, for measuring.
    kind : str
        The name without a number.
    stations : int
        How many were joined; 1 for an image of one.
    not_joined : str or None
        Why it and another image of its kind, which lies above or below it, are not one.
    """

    name: str
    volume: Volume
    acquired: Volume
    kind: str = ""
    stations: int = 1
    not_joined: str | None = None

    @property
    def resampled(self) -> bool:
        """Whether it was turned onto other axes for display."""
        return self.acquired.geometry != self.volume.geometry


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

    def measured(self, kind: str) -> Volume | None:
        """The one image of a kind, all its stations in one, as it was acquired; None if there is none.

        Raises
        ------
        InconsistentSeries
            It comes in parts that could not be joined: a station is missing, or the grids differ.
        """
        found = [contrast for contrast in self.contrasts if contrast.kind == kind]
        reason = next((one.not_joined for one in found if one.not_joined), None)
        if reason is not None:
            raise InconsistentSeries(
                reason, remedy="Give the missing station as well, or measure the parts one by one."
            )
        return found[0].acquired if found else None

    def echoes(self, train: str) -> tuple[Volume, ...]:
        """The images of an echo train ("gradient echo", "spin echo") as acquired, by echo time; none if none is there.

        Raises
        ------
        InconsistentSeries
            As `measured`.
        """
        kinds = dict.fromkeys(one.kind for one in self.contrasts if one.kind.startswith(f"{train} "))
        found = [volume for kind in kinds if (volume := self.measured(kind)) is not None]
        return tuple(sorted(found, key=lambda one: one.acquisition.sequence.echo_time_ms or 0.0))


def examination(volumes: Sequence[Volume]) -> Examination:
    """Bring the images of one examination to one place by their geometry.

    Images of one contrast that lie above each other are stations of one and are joined where their grids allow it.
    Images whose axes are parallel to those of the first keep their grid, whatever its spacing and extent. Others (say
    coronal beside axial ones) are resampled, for display, to the axes of the first over their own extent.

    Parameters
    ----------
    volumes : sequence of Volume
        The first leads.

    Raises
    ------
    WrongModality
        One of them is a CT.
    GridMismatch
        They do not share a frame of reference, so that their geometry says nothing of how they belong together.
    DifferentPatients
        Their headers name two patients.
    """
    if not volumes:
        raise WrongUse("an examination needs at least one image")
    first = volumes[0]
    for volume in volumes:
        _require_one_examination(first, volume)
    names: list[str] = []
    contrasts = []
    for group, acquired, reason in _by_station(volumes):
        kind = contrast_name(acquired)
        measured_in_units = acquired.unit != "arbitrary" or kind.endswith(("map", "ADC"))
        bright = acquired if len(group) == 1 or measured_in_units else matched_for_display(acquired, group)
        parallel = np.allclose(acquired.geometry.directions, first.geometry.directions, atol=_PARALLEL)
        shown = bright if parallel else resample(bright, _turned(bright.geometry, first.geometry))
        names.append(kind)
        seen = names.count(kind)
        name = kind if seen == 1 else f"{kind} {seen}"
        contrasts.append(Contrast(name, shown, acquired, kind, len(group), reason))
    return Examination(tuple(contrasts))


def _by_station(volumes: Sequence[Volume]) -> list[tuple[list[Volume], Volume, str | None]]:
    """Stations of one image together, joined; with why some that lie above each other could not be."""
    groups: list[list[Volume]] = []
    for volume in volumes:
        kind = contrast_name(volume)
        for group in groups:
            if contrast_name(group[0]) == kind and all(are_stations(one, volume) for one in group):
                group.append(volume)
                break
        else:
            groups.append([volume])
    found: list[tuple[list[Volume], Volume, str | None]] = []
    for group in groups:
        try:
            found.append((group, group[0] if len(group) == 1 else join_stations(group), None))
        except (InconsistentSeries, GridMismatch) as error:
            found += [([one], one, error.found) for one in group]
    return found


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
    if other.unit == "HU":
        raise WrongModality(
            "one of the images is a CT, and an examination of muscles is made of MR images",
            remedy="Give the MR series; a CT of the thorax is read with `ctreview segment`.",
        )
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
