"""Lungs to lobes: fissures found one after the other, and the parts between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ctreview.anatomy.bronchi import BronchusSettings, find_lobar_bronchi
from ctreview.anatomy.lobes.carried import carry_fissure
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.fitting import FissureSettings, find_fissure
from ctreview.anatomy.lobes.frame import SIDES, LungFrame, lung_ends
from ctreview.anatomy.lobes.lobe_checks import bronchus_checks, lobe_checks
from ctreview.anatomy.lobes.partition import MovedBorder, lobes_by_fissures, moved_borders
from ctreview.anatomy.lobes.pieces import LobePiece, give_pieces
from ctreview.anatomy.lobes.prior import FISSURES, FissureName, FissurePrior, known_fissures
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME
from ctreview.anatomy.lobes.slab import FissureSlab, ScanLabels, sample_slab
from ctreview.anatomy.lung_size import relative_size
from ctreview.possible_values import require_possible
from ctreview.progress import Progress, quiet
from ctreview.volume.geometry import FloatArray, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["LobeMap", "LobeSettings", "find_lobes"]


@dataclass(frozen=True)
class LobeSettings:
    """How lobes are found.

    Attributes
    ----------
    oblique_reach_mm, minor_reach_mm : float
        How far from its expected place a fissure is looked for, in millimetres of the template.
    sample_mm, least_sample_mm : float
        Distance of samples in lungs of 5 L, scaled with the cube root of volume, and the least one; never less than
        half a voxel.
    fissure : FissureSettings
    bronchi : BronchusSettings
        How bronchi are named, by which the lobes are checked.
    """

    oblique_reach_mm: float = 32.0
    minor_reach_mm: float = 45.0
    sample_mm: float = 1.2
    least_sample_mm: float = 1.0
    fissure: FissureSettings = field(default_factory=FissureSettings)
    bronchi: BronchusSettings = field(default_factory=BronchusSettings)

    def __post_init__(self) -> None:
        require_possible(self, sample_mm=(0.3, 20.0), least_sample_mm=(0.3, 20.0))


@dataclass(frozen=True, eq=False)
class LobeMap(LabelMap):
    """Lobes that were found, and the fissures between them.

    Attributes
    ----------
    fissures : mapping of FissureName to Fissure
        Those of the lungs that are there.
    pieces : tuple of LobePiece
        What a reader gave to a lobe, whatever the fissures say.
    bronchi : mapping of str to ndarray, shape (n, 3)
        Places on the bronchi of lobes, by the keys of `LOBES`, in LPS millimetres (`find_lobar_bronchi`).
    """

    fissures: Mapping[FissureName, Fissure] = field(default_factory=dict)
    pieces: tuple[LobePiece, ...] = ()
    bronchi: Mapping[str, FloatArray] = field(default_factory=dict)

    def within(self, lungs: LabelMap) -> LobeMap:
        """The same fissures in other lungs, which lost or won something."""
        array = lobes_by_fissures(lungs, self.fissures)
        give_pieces(array, lungs, self.pieces)
        return replace(self, array=array).checked()

    def checked(self) -> LobeMap:
        """The same with the checks of its borders, sizes and bronchi made anew."""
        return replace(self, checks=(*lobe_checks(self, self.fissures), *bronchus_checks(self, self.bronchi)))

    def with_carried(self, other: LobeMap, lungs: LabelMap, to_own: Callable[[FloatArray], FloatArray]) -> LobeMap:
        """The same with what another scan of the patient shows of its fissures.

        Parameters
        ----------
        other : LobeMap
        lungs : LabelMap
            Of this scan.
        to_own : callable
            Patient places of the other scan to those of this one.
        """
        fissures = {
            name: carry_fissure(own, other.fissures[name], to_own) if name in other.fissures else own
            for name, own in self.fissures.items()
        }
        return replace(self, fissures=fissures).within(lungs)

    def moved_borders(self) -> Iterator[MovedBorder]:
        """Which voxels change their lobe where each fissure moves by its standard deviation."""
        return moved_borders(self, self.fissures)


def find_lobes(
    volume: Volume,
    lungs: LabelMap,
    vessels: LabelMap,
    *,
    settings: LobeSettings | None = None,
    progress: Progress = quiet,
) -> LobeMap:
    """Find the lobes of the lungs that are there.

    Parameters
    ----------
    volume : Volume
        In HU.
    lungs, vessels : LabelMap
        Of `find_lungs` and `find_vessels`, on its grid.
    settings : LobeSettings, optional
    progress : Progress

    Returns
    -------
    LobeMap
        Together the lobes are the lungs. Where a fissure was not seen, its border is the most probable one; the
        checks say which borders are not known well enough.

    Raises
    ------
    GridMismatch
        The three do not lie on one grid.
    """
    require_same_grid(volume, lungs, vessels)
    settings = settings or LobeSettings()
    found: dict[FissureName, Fissure] = {}
    ends = {side: lung_ends(lungs, side) for side in SIDES if lungs.volume_ml(side) > 0}
    for number, (name, prior) in enumerate(known_fissures().items()):
        progress(number, len(FISSURES), "looking for fissures")
        if prior.side not in ends:
            continue
        frame = LungFrame.between(ends[prior.side], prior.template_ends)
        size = relative_size(lungs.volume_ml(prior.side), both=False)
        sample_mm = max(settings.least_sample_mm, settings.sample_mm * size, 0.5 * min(volume.geometry.spacing))
        scan = ScanLabels(volume, lungs, vessels)
        sample = partial(_sampled, scan, prior, frame, sample_mm, found.get("right_oblique"))
        reach = settings.minor_reach_mm if name == "right_minor" else settings.oblique_reach_mm
        found[name] = find_fissure(sample, prior, frame, reach_mm=reach, size=size, settings=settings.fissure)
    progress(1.0, 1.0, "looking for fissures")
    bronchi = find_lobar_bronchi(volume, lungs, settings=settings.bronchi)
    return LobeMap(lungs.array, lungs.geometry, LOBE_SCHEME, fissures=found, bronchi=bronchi).within(lungs)


def _sampled(
    scan: ScanLabels,
    prior: FissurePrior,
    frame: LungFrame,
    sample_mm: float,
    oblique: Fissure | None,
    surface: FloatArray,
    reach_mm: float,
) -> FissureSlab:
    """Samples around a surface; around the minor fissure only what clearly lies above the oblique one is lung."""
    slab = sample_slab(scan, prior, frame, surface, reach_mm=reach_mm, sample_mm=sample_mm)
    if prior.name != "right_minor" or oblique is None:
        return slab
    i, j, k = np.nonzero(slab.lung)
    places = np.column_stack([slab.position[i, j], slab.expected[i, j] + slab.heights[k]])
    lung = slab.lung.copy()
    lung[i, j, k] = oblique.lies_above(frame.to_patient(prior.plane.points(places)))
    return replace(slab, lung=lung)
