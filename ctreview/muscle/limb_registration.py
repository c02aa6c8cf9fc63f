"""How one limb is laid over another."""

from __future__ import annotations

from ctreview.registration import MatchingStage, RegistrationSettings

__all__ = ["limb_registration"]


def limb_registration(*finer: MatchingStage) -> RegistrationSettings:
    """Settings for images that are 1 at the level of lean muscle.

    Limbs are large and smooth: far and coarse rounds are enough for their outlines. ``finer`` rounds come after them.
    """
    return RegistrationSettings(
        intensity_range=(0.0, 2.5),
        affine_stages=(
            MatchingStage(6.0, 36.0, 12.0, 600, 0.62, 1.4, neighbours_mm=60.0),
            MatchingStage(4.0, 16.0, 8.0, 800, 0.62, 1.4, neighbours_mm=50.0),
        ),
        stages=(MatchingStage(4.0, 16.0, 8.0, 1000, 0.5, 1.0, neighbours_mm=40.0, width_mm=30.0), *finer),
    )
