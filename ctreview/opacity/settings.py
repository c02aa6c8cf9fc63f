"""Settings of the search for opacity."""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.errors import WrongUse
from ctreview.possible_values import require_possible

__all__ = ["OpacitySettings"]


@dataclass(frozen=True)
class OpacitySettings:
    """Every constant of the adaptive rule.

    Borders (resolutions, ``border_share``) were set on phantoms. What keeps normal lung from being called ill (the
    least excess, drift, depths, trust) was set with two real scans in view, so that figures on those two are
    optimistic until other scans confirm them.

    Attributes
    ----------
    working_mm : float
        Coarsest spacing of the grid that density is smoothed and thresholded on.
    resolution_mm : float
        Full width at half maximum that every scan is brought to before borders are drawn.
    detection_mm : float
        Full width at half maximum that opacity is looked for at; wider, so that noise and lobules count less.
    pleura_mm : float
        Voxels closer than this to the lung's border are not used (partial volume) but filled from inside.
    thin_hu, thin_mm : float
        What stands out by this much, and is thinner than this and two point spreads to either side (or than three
        working voxels), is a vessel, a wall or a fissure and is left out.
    greatest_partial_hu : float
        Voxels into which dense neighbours shed more than this are not used but filled from around.
    blur_voxels : float
        Voxels' size as blur: the square root of two for the mean over a voxel, and for a border anywhere within one.
    drift_mm, drift_hu, greatest_drift_hu : float
        Normal lung drifts by region (shoulders, heart, breathing). Lung less than ``drift_hu`` above normal, averaged
        with a Gaussian of standard deviation ``drift_mm`` (in a lung of 5 L), tells by how much; at most
        ``greatest_drift_hu`` is taken off, so that nothing clear can hide in it.
    least_trust : float
        Opacity is not begun where less than this share of the lung around is tissue between vessels and walls.
    faint_trust, clear_excess_hu : float
        The same for faint opacity, of no more excess than this: between the vessels of the hilum it is partial volume.
    greatest_subpleural_hu : float
        Most that the lung under the pleura may be denser than deep lung and still be normal.
    sigmas : float
        Opacity begins this many standard deviations of normal lung above its mean.
    least_excess_hu, greatest_excess_hu : float
        Clamp of that threshold.
    border_share : float
        Borders run at this share of a patch's level; a little above half, because the level that the smoothed density
        shows beside a border is a little below the true one.
    grown_share : float
        A patch that reaches the threshold somewhere goes on as far as it has this share of it.
    filled_share : float
        Lung that is denser than that by itself, at either resolution, belongs to a patch if more than this share of
        its surroundings (3 mm) does; at a smooth border it is half.
    consolidation_hu : float
        Where ground glass ends and consolidation begins, in an adult's inspired lung of ``reference_hu``.
    consolidation_range_hu : tuple of float
        Clamp of that limit after it was adjusted to the patient's own lung.
    least_normal_share : float
        Share of the lung that must look normal for its histogram to be used.
    least_patch_ml : float
        Smaller patches are not counted.
    least_depth_mm : float
        What lies closer to the pleura and has no opacity this deep nearby is partial volume.
    least_depth_moving_mm, faint_depth_moving_mm : float
        The same for the border with heart, mediastinum and diaphragm, which move and blur it. Each patch must begin
        somewhere that deep: by the first where it is clear, by the second where it is faint (``clear_excess_hu``); in
        a lung of 5 L, scaled with the cube root of volume.
    dependent_band_mm : float
        Reach of dependent opacity from the lowest pleura in a lung of 5 L; scaled with the cube root of volume.
    dependent_excess_hu : float
        Dependent opacity is on average fainter than this.
    least_other_side : float
        A layer in one lung is dependent opacity only if the other lung holds at least this share of it.
    alike_hu, different_hu : float
        Two timepoints whose excess at one place differs by no more than the first are judged there by the mean of
        both, from the second on each by itself.
    """

    working_mm: float = 1.5
    resolution_mm: float = 2.5
    detection_mm: float = 4.5
    pleura_mm: float = 1.2
    thin_hu: float = 60.0
    thin_mm: float = 2.0
    greatest_partial_hu: float = 25.0
    blur_voxels: float = 1.4
    drift_mm: float = 15.0
    drift_hu: float = 45.0
    greatest_drift_hu: float = 30.0
    least_trust: float = 0.4
    faint_trust: float = 0.65
    clear_excess_hu: float = 120.0
    greatest_subpleural_hu: float = 40.0
    sigmas: float = 2.5
    least_excess_hu: float = 63.0
    greatest_excess_hu: float = 110.0
    border_share: float = 0.54
    grown_share: float = 0.7
    filled_share: float = 0.6
    consolidation_hu: float = -300.0
    consolidation_range_hu: tuple[float, float] = (-300.0, -200.0)
    least_normal_share: float = 1.0 / 3.0
    least_patch_ml: float = 0.15
    least_depth_mm: float = 3.0
    least_depth_moving_mm: float = 6.0
    faint_depth_moving_mm: float = 9.0
    dependent_band_mm: float = 15.0
    dependent_excess_hu: float = 150.0
    least_other_side: float = 0.2
    alike_hu: float = 25.0
    different_hu: float = 50.0

    def __post_init__(self) -> None:
        require_possible(self, working_mm=(0.25, 20.0))
        if not 0 <= self.alike_hu < self.different_hu:
            raise WrongUse(
                f"alike is 0 HU or more and less than different, not {self.alike_hu:g} and {self.different_hu:g} HU"
            )
