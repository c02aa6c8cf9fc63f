"""The methods by which a deformation can be found, by name."""

from __future__ import annotations

from typing import Protocol

from ctreview.errors import WrongUse
from ctreview.progress import Progress, quiet
from ctreview.registration.elastix_engine import register_by_elastix
from ctreview.registration.keypoint_engine import register_by_keypoints
from ctreview.registration.pair import RegistrationPair
from ctreview.registration.settings import RegistrationSettings
from ctreview.volume.transform import Transform

__all__ = ["ENGINES", "Engine", "engine_named"]


class Engine(Protocol):
    """Finds the transform of a prepared pair."""

    def __call__(
        self, pair: RegistrationPair, *, settings: RegistrationSettings, progress: Progress = quiet
    ) -> Transform:
        """Bring the pair together; raise `RegistrationFailed` where that is hopeless."""
        ...


ENGINES: dict[str, Engine] = {"keypoints": register_by_keypoints, "elastix": register_by_elastix}
"""Every engine by its name in `RegistrationSettings.engine`."""


def engine_named(name: str) -> Engine:
    """The engine of that name.

    Raises
    ------
    WrongUse
        There is none; the error lists those there are.
    """
    if name not in ENGINES:
        raise WrongUse(f"no registration engine is called {name!r}", remedy=f"Known here: {', '.join(ENGINES)}.")
    return ENGINES[name]
