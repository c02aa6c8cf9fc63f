"""What an interval varies, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ctreview.errors import WrongUse
from ctreview.possible_values import require_possible

__all__ = ["REFERENCE_ML", "SOURCES", "Conditions", "IntervalSettings", "Source"]

MOST_DRAWS = 100_000
"""More would change no digit that is shown, and take minutes and gigabytes."""

REFERENCE_ML = 5000.0
"""The size of a region for which `IntervalSettings.overlooked_ml` is said."""


@dataclass(frozen=True)
class Source:
    """Something that an interval varies.

    Attributes
    ----------
    words : str
        What it is.
    stream : int
        The stream of random numbers that it draws from. A new source takes one that was never used, so that the others
        draw what they drew before.
    """

    words: str
    stream: int


SOURCES: Mapping[str, Source] = {
    "threshold": Source("the threshold of both scans together", 0),
    "threshold of each scan": Source("the threshold of each scan on its own", 1),
    "local threshold": Source("thresholds that are off in one place and not in another", 2),
    "boundary": Source("the boundary of opacity, in both scans together", 3),
    "boundary of each scan": Source("the boundary of opacity in each scan on its own", 4),
    "vessels": Source("the boundary between opacity and vessels", 5),
    "mask": Source("the boundary of the organ", 6),
    "borders of parts": Source("borders between parts of the organ where they are not seen, in each scan", 20),
    "dense tissue": Source("dense tissue against what surrounds the organ, told from it by shape alone", 7),
    "kernel": Source("unlike kernels, where the images do not tell how sharp they are", 10),
    "sharpness": Source("unlike sharpness within slices: the sharper scan measured again as blurred as the other", 15),
    "slice thickness": Source("unlike slices: the scan of thinner ones measured again with those of the other", 16),
    "noise": Source("unlike noise: the less noisy scan measured again as noisy as the other", 17),
    "slice gaps": Source("what lies between slices and was not imaged", 18),
    "air calibration": Source("the HU scale of one scan against that of the other, air taken off", 19),
    "contrast agent": Source("contrast agent in one scan alone, or blood that reads otherwise", 13),
    "unknown age": Source("normal density of lungs as small as a child's, whose age is not known", 14),
    "growth": Source("how much of the change of a child's lung volume is growth and no deeper breath", 21),
    "overlooked opacity": Source(
        "opacity too faint, small or flat to be found, and what only looks like it, in each scan", 12
    ),
}
"""What is drawn at random, by the name that stands in `Interval.dominant` and `Interval.sources`. Beside these stand
what is not counted and may be disease, by its name, and ``"inspiration"``."""


@dataclass(frozen=True)
class IntervalSettings:
    """What is varied, and by how much.

    A limit ``±a`` is the half width of a rectangular distribution: the limits say what is thought possible and
    nothing more is known within them (JCGM 100:2008, 4.3.7), so a source of ±12 HU has a standard deviation of
    6.9 HU and never exceeds 12.

    Attributes
    ----------
    level : float
        Share of draws within the interval.
    draws, seed : int
        Number of random draws, and the seed that makes them the same every time.
    common_threshold_hu : float
        Limit for the threshold of both scans together. ±25 HU widens the interval by a quarter and holds no more
        phantom pairs (docs/decisions/0021-interval.md).
    own_threshold_hu : float
        Limit for the threshold of each scan on its own, and for that of each block on its own.
    alone_factor : float
        By how much the limits of the threshold, and of what was overlooked, are wider where scans could not be judged
        side by side.
    boundary_voxels : float
        Limit for the boundary of opacity, all over both scans together: the same rule draws it in both. Towards vessels
        it is that of each scan on its own: what passes for a vessel in one does not in the other.
    own_boundary_voxels : float
        Limit for what it differs in each scan on its own, as well as for the boundary of the organ. Set on phantoms
        (docs/decisions/0021-interval.md).
    dense_share : float
        Limit for the share by which dense tissue that touches the outside of the organ is too large or too small, in
        both scans together; half of it for each scan on its own. Set on phantoms.
    overlooked_ml : float
        Limit for what was overlooked or wrongly called in each scan on its own, in a region of 5 L; in
        others with the square root of their volume, as what is independent from place to place adds up. It is the limit
        of each number by itself: of each class, and of all together. Where nothing was found there is nothing that
        another source would move. Set on hybrids (docs/decisions/0029-overlooked.md).
    block_mm : float
        Side of the cubes within which local errors of the threshold are alike.
    kernel_share : float
        Limit for the change of a volume by another kernel: kernels shift such measures by up to 14 %.
    least_baseline_ml : float
        Below this there is no relative change.
    """

    level: float = 0.95
    draws: int = 4000
    seed: int = 20260
    common_threshold_hu: float = 12.0
    own_threshold_hu: float = 7.0
    alone_factor: float = 1.25
    boundary_voxels: float = 0.5
    own_boundary_voxels: float = 0.2
    dense_share: float = 0.4
    overlooked_ml: float = 2.5
    block_mm: float = 20.0
    kernel_share: float = 0.14
    least_baseline_ml: float = 5.0

    def __post_init__(self) -> None:
        require_possible(self, draws=(100, MOST_DRAWS), alone_factor=(1.0, 100.0), block_mm=(1.0, 1000.0))
        if not 0 < self.level < 1:
            raise WrongUse(f"the level of an interval lies between 0 and 1, not at {self.level:g}")

    @property
    def alone(self) -> IntervalSettings:
        """The same for scans that were judged each by itself, without the other's help."""
        return replace(
            self,
            common_threshold_hu=self.common_threshold_hu * self.alone_factor,
            own_threshold_hu=self.own_threshold_hu * self.alone_factor,
            overlooked_ml=self.overlooked_ml * self.alone_factor,
        )

    @property
    def shifts_hu(self) -> tuple[float, ...]:
        """The shifts of the threshold at which the segmentation is done anew."""
        common, own = self.common_threshold_hu, self.own_threshold_hu
        # volume rises steeply where a low threshold reaches the noise of normal lung, hence one step in between
        return (-common, -(common + own) / 2, -own, own, common)


@dataclass(frozen=True)
class Conditions:
    """What is known about the pair and widens its intervals.

    Attributes
    ----------
    volume_ratio : float or None
        Organ volume at follow-up over that at baseline, where a difference of it means depth of breath.
    kernels_differ : bool
        Whether they do, and the images do not tell how sharp they are.
    gaps_mm : tuple of float
        What lies between two slices of baseline and follow-up and was not imaged, where that widens.
    air_hu : float
        Limit for the offset of the follow-up's HU scale against the baseline's that air leaves open.
    contrast_hu : float
        Limit for what contrast agent in one of them adds to its lung.
    growth_hu : float
        Limit for the offset of the follow-up's threshold where growth is taken for breath, or breath for growth.
    unknown_age_hu : float
        Limit for the threshold of both scans where the age would have set it.
    """

    volume_ratio: float | None = None
    kernels_differ: bool = False
    gaps_mm: tuple[float, float] = (0.0, 0.0)
    air_hu: float = 0.0
    contrast_hu: float = 0.0
    growth_hu: float = 0.0
    unknown_age_hu: float = 0.0
