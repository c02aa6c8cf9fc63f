"""Lobes that an engine of a third party gave: no fissure is known, and nothing tells how sure a border is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import edt
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.lobe_checks import lobe_checks
from ctreview.anatomy.lobes.lobes import LobeMap
from ctreview.anatomy.lobes.nearest import in_nearest_lobes
from ctreview.anatomy.lobes.partition import BESIDE, MovedBorder
from ctreview.anatomy.lobes.pieces import give_pieces
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME
from ctreview.checks import Check
from ctreview.models import EngineLabelMap
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap

__all__ = ["BORDER_MM", "EngineLobeMap", "lobes_of_engine"]

BORDER_MM = 2.0
"""Standard deviation by which every border is varied: what networks are off by where fissures are seen. Where they are
not, an engine errs by more, and does not say so."""


@dataclass(frozen=True, eq=False)
class EngineLobeMap(LobeMap):
    """Lobes without fissures, as an engine gave them.

    Attributes
    ----------
    told : tuple of Check
        What is to be said of the engine and of its answer, whatever becomes of the lungs.
    """

    told: tuple[Check, ...] = ()

    def within(self, lungs: LabelMap) -> EngineLobeMap:
        """The same lobes in other lungs; lung that the engine left out belongs to the nearest lobe."""
        array = in_nearest_lobes(self, lungs).array.copy()
        give_pieces(array, lungs, self.pieces)
        found = replace(self, array=array)
        return replace(found, checks=(*lobe_checks(found, {}), *self.told))

    def with_carried(
        self,
        other: LobeMap,  # noqa: ARG002 - there is no fissure to carry
        lungs: LabelMap,
        to_own: Callable[[FloatArray], FloatArray],  # noqa: ARG002
    ) -> EngineLobeMap:
        """The same: no fissure is known that could be carried over."""
        return self.within(lungs)

    def moved_borders(self) -> Iterator[MovedBorder]:
        """Which voxels change their lobe where each border moves by `BORDER_MM`."""
        for name, (above, below) in BESIDE.items():
            keys = [key for key in (*above, *below) if self.voxels[key]]
            if not set(keys) & set(above) or not set(keys) & set(below):
                continue
            box = bounding_box(self.mask(*keys))
            away = {key: self._away(key, box) for key in keys}
            for direction, gives, takes in ((-1, below, above), (1, above, below)):
                where, values = self._passed(box, away, gives, takes)
                yield MovedBorder(name, direction, where, values)

    def _away(self, key: str, box: tuple[slice, ...]) -> npt.NDArray[np.float32]:
        """Millimetres from every voxel of a box to a lobe."""
        other = self.array[box] != self.scheme[key].value
        spacing = self.geometry.spacing
        # from centre to centre; the border lies half a voxel nearer
        return np.asarray(edt.edt(other, anisotropy=spacing, parallel=1) - 0.5 * min(spacing))

    def _passed(
        self,
        box: tuple[slice, ...],
        away: Mapping[str, npt.NDArray[np.float32]],
        gives: tuple[str, ...],
        takes: tuple[str, ...],
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Voxels of some lobes that lie next to others, as flat indices, and the nearest of those."""
        part = self.array[box]
        giving = np.isin(part, [self.scheme[key].value for key in gives])
        taking = [key for key in takes if key in away]
        nearest = np.minimum.reduce([away[key] for key in taking])
        inner = np.nonzero(giving & (nearest <= BORDER_MM))
        which = np.argmin([away[key][inner] for key in taking], axis=0)
        values = np.array([self.scheme[key].value for key in taking], dtype=np.uint8)[which]
        index = tuple(axis + s.start for axis, s in zip(inner, box, strict=True))
        return np.ravel_multi_index(index, self.geometry.shape), values


def lobes_of_engine(given: EngineLabelMap, lungs: LabelMap) -> EngineLobeMap:
    """Lobes that an engine gave, within lungs.

    Parameters
    ----------
    given : EngineLabelMap
    lungs : LabelMap
        On its grid.

    Returns
    -------
    EngineLobeMap
        Together the lobes are the lungs. Checks: those of the engine's answer, ``engine_lobes_borders``, and the sizes
        of the lobes of each lung, which stop as they do of lobes that are found.
    """
    given_as_lobes = given.described_by(LOBE_SCHEME)
    message = (
        f"Lobes are those of {given.engine.title}, which does not say how sure their borders are: intervals rest on "
        f"borders ±{BORDER_MM:g} mm, and how much of each fissure is seen was not looked at."
    )
    told = (Check("engine_lobes_borders", given.engine.name, None, ok=False, message=message), *given.checks)
    map_ = EngineLobeMap(given_as_lobes.array, given.geometry, LOBE_SCHEME, told=told)
    return map_.within(lungs)
