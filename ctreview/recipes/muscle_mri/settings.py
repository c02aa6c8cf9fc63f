"""Every setting of the muscle recipe, by the stage that it belongs to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ctreview.change import IntervalSettings, VerdictSettings
from ctreview.muscle.measures import MeasureSettings
from ctreview.muscle.segment import TissueSettings
from ctreview.possible_values import require_possible
from ctreview.registration import MatchingStage, RegistrationSettings
from ctreview.volume.load import LoadSettings

__all__ = ["MuscleMriSettings"]


def _registration() -> RegistrationSettings:
    """Of images that are 1 at the level of muscle. Limbs are large and smooth: far and coarse rounds are enough."""
    return RegistrationSettings(
        intensity_range=(0.0, 2.5),
        affine_stages=(
            MatchingStage(6.0, 36.0, 12.0, 600, 0.62, 1.4, neighbours_mm=60.0),
            MatchingStage(4.0, 16.0, 8.0, 800, 0.62, 1.4, neighbours_mm=50.0),
        ),
        stages=(MatchingStage(4.0, 16.0, 8.0, 1000, 0.5, 1.0, neighbours_mm=40.0, width_mm=30.0),),
    )


def _interval() -> IntervalSettings:
    """A threshold is varied in thousandths of the way from muscle to fat, so 50 is a twentieth of it."""
    return IntervalSettings(
        common_threshold_hu=50.0,
        own_threshold_hu=30.0,
        boundary_voxels=0.25,
        own_boundary_voxels=0.1,
        dense_share=0.0,
        overlooked_ml=10.0,
    )


def _verdict() -> VerdictSettings:
    """Volumes of thigh muscle repeat within about 1 to 2 % where one reader measures one patient twice."""
    return VerdictSettings(
        share_of_region=0.0,
        share_of_opacity=0.03,
        least_ml=5.0,
        equivalent_share_of_region=0.0,
        equivalent_share_of_opacity=0.05,
    )


@dataclass(frozen=True)
class MuscleMriSettings:
    """Settings of the muscle recipe.

    Attributes
    ----------
    threads : int
        At most so many; results do not depend on it.
    """

    load: LoadSettings = field(default_factory=LoadSettings)
    tissue: TissueSettings = field(default_factory=TissueSettings)
    measures: MeasureSettings = field(default_factory=MeasureSettings)
    registration: RegistrationSettings = field(default_factory=_registration)
    interval: IntervalSettings = field(default_factory=_interval)
    verdict: VerdictSettings = field(default_factory=_verdict)
    threads: int = 2

    def __post_init__(self) -> None:
        require_possible(self, threads=(1, 4096))

    def to_dict(self) -> dict[str, Any]:
        """Every setting, ready for JSON."""
        return asdict(self)
