"""Two volumes and their masks to a transform and its quality."""

from ctreview.registration.engines import ENGINES, Engine
from ctreview.registration.estimate import Registration, register
from ctreview.registration.quality import QualityLimits, local_volume_ratio
from ctreview.registration.settings import MatchingStage, RegistrationSettings

__all__ = [
    "ENGINES",
    "Engine",
    "MatchingStage",
    "QualityLimits",
    "Registration",
    "RegistrationSettings",
    "local_volume_ratio",
    "register",
]
