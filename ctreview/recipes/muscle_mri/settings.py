"""Every setting of the muscle recipe, by the stage that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ctreview.change import DrawSettings
from ctreview.muscle.alignment import AlignmentSettings
from ctreview.muscle.limb_matching import LimbMatchSettings
from ctreview.muscle.measures import MeasureSettings
from ctreview.muscle.segment import TissueSettings
from ctreview.possible_values import require_possible
from ctreview.settings_fields import read_settings
from ctreview.volume.load import LoadSettings

__all__ = ["MuscleIntervalSettings", "MuscleMriSettings", "MuscleVerdictSettings"]


@dataclass(frozen=True)
class MuscleIntervalSettings:
    """What the intervals of change vary, and by how much; each limit is the half width of a rectangular distribution.

    Attributes
    ----------
    threshold_share : float
        Of the way from muscle to fat: the threshold between them, in both examinations together.
    own_threshold_share : float
        The same in each on its own.
    boundary_voxels : float
        The border of the muscle compartment within slices, in both together.
    own_boundary_voxels : float
        The same in each on its own.
    own_drawn_border_voxels : float
        The border of a drawn group within the muscle, in each on its own.
    hot_z_shift : float
        The robust z from which a voxel is hot, in both together.
    noise_factor : float
        Of what noise is reckoned to add to fat fractions, in both together; above 1, so that all lies well within.
    own_noise_factor : float
        By which share of it the reckoning may be off in each on its own.
    draws : DrawSettings
    """

    threshold_share: float = 0.1
    own_threshold_share: float = 0.05
    boundary_voxels: float = 0.25
    own_boundary_voxels: float = 0.1
    own_drawn_border_voxels: float = 0.5
    hot_z_shift: float = 0.5
    noise_factor: float = 1.5
    own_noise_factor: float = 0.3
    draws: DrawSettings = field(default_factory=DrawSettings)

    def __post_init__(self) -> None:
        require_possible(self, threshold_share=(0.001, 0.4), hot_z_shift=(0.0, 10.0))


@dataclass(frozen=True)
class MuscleVerdictSettings:
    """How large a change must be before it is called one, and how narrow an interval before it is called none.

    No test-retest study of children's thighs is known to us. Volumes of thigh muscle repeat within 1 to 2 % where one
    reader measures one patient twice; what else stands here is reasoned, and apart from the interval.

    Attributes
    ----------
    size_percent, size_equivalent_percent : float
        Of volumes, cross-sections and what is made of them, of the larger one.
    least_ml : float
        Below this no change of a volume is called.
    fat_points, fat_equivalent_points : float
        Of a fat fraction, in points of per cent.
    signal_percent, signal_equivalent_percent : float
        Of a STIR ratio or a T2, of the larger one.
    hot_ml, hot_equivalent_ml : float
        Of the volume of hot voxels.
    """

    size_percent: float = 3.0
    size_equivalent_percent: float = 5.0
    least_ml: float = 5.0
    fat_points: float = 1.0
    fat_equivalent_points: float = 2.0
    signal_percent: float = 5.0
    signal_equivalent_percent: float = 10.0
    hot_ml: float = 1.0
    hot_equivalent_ml: float = 3.0

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True)
class MuscleMriSettings:
    """Settings of the muscle recipe.

    Attributes
    ----------
    groups_from : str or None
        The engine of a third party that groups of muscles come from, where none are given (`ctreview models`).
    threads : int
        At most so many; results do not depend on it.
    """

    load: LoadSettings = field(default_factory=LoadSettings)
    tissue: TissueSettings = field(default_factory=TissueSettings)
    alignment: AlignmentSettings = field(default_factory=AlignmentSettings)
    measures: MeasureSettings = field(default_factory=MeasureSettings)
    matching: LimbMatchSettings = field(default_factory=LimbMatchSettings)
    interval: MuscleIntervalSettings = field(default_factory=MuscleIntervalSettings)
    verdict: MuscleVerdictSettings = field(default_factory=MuscleVerdictSettings)
    groups_from: str | None = None
    threads: int = 2

    def __post_init__(self) -> None:
        require_possible(self, threads=(1, 4096))

    def to_dict(self) -> dict[str, Any]:
        """Every setting, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> MuscleMriSettings:
        """Read what `to_dict` gave, also after it went through JSON; errors are those of `read_settings`."""
        return read_settings(cls(), plain)
