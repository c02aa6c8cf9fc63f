"""The stage's one verb: bring two images together and say how well that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctreview.checks import Check
from ctreview.errors import RegistrationFailed
from ctreview.progress import Progress, part, quiet
from ctreview.registration.engines import engine_named
from ctreview.registration.pair import prepare_pair
from ctreview.registration.quality import quality_checks, quality_figures
from ctreview.registration.settings import RegistrationSettings
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = ["Registration", "register"]

WORKING_SPACING_MM = 1.5
"""Finer voxels are averaged first."""

HOPELESS_DICE = 0.3
"""Masks that overlap less than this after registration were not brought together at all."""


@dataclass(frozen=True, eq=False)
class Registration:
    """A transform and its quality.

    Attributes
    ----------
    transform : Transform
        From points of the fixed to points of the moving image.
    checks : tuple of Check
        One that failed and stops or widens forbids to say by the transform what became of what.
    figures : Mapping of str to float
        See `ctreview.registration.quality.quality_figures`.
    engine : str
        By which method.
    """

    transform: Transform
    checks: tuple[Check, ...]
    figures: Mapping[str, float]
    engine: str

    @property
    def ok(self) -> bool:
        """Whether no check failed that stops or widens."""
        return not any(check.stops or check.widens for check in self.checks)


def register(
    fixed: Volume,
    moving: Volume,
    *,
    fixed_mask: LabelMap,
    moving_mask: LabelMap,
    fixed_ignore: LabelMap | None = None,
    moving_ignore: LabelMap | None = None,
    settings: RegistrationSettings | None = None,
    progress: Progress = quiet,
) -> Registration:
    """Find where each point of the fixed image lies in the moving one.

    Parameters
    ----------
    fixed, moving : Volume
        Two images of one organ; they may lie anywhere relative to each other.
    fixed_mask, moving_mask : LabelMap
        The organ in each; all labels together count. On the grid of their image.
    fixed_ignore, moving_ignore : LabelMap, optional
        What should not guide the registration because it may have come or gone, on the grid of its image.
    settings : RegistrationSettings, optional
        The engine and its parameters.
    progress : Progress
        Told how far it is; may raise to cancel.

    Returns
    -------
    Registration
        The same input and settings give the same result, whatever the number of threads.

    Raises
    ------
    GridMismatch
        A mask does not lie on its image.
    RegistrationFailed
        A mask is empty, there is no structure to hold on to, or the masks could not be brought to overlap.
    """
    settings = settings or RegistrationSettings()
    engine = engine_named(settings.engine)
    pair = prepare_pair(
        fixed,
        moving,
        fixed_mask,
        moving_mask,
        fixed_ignore=fixed_ignore,
        moving_ignore=moving_ignore,
        spacing_mm=WORKING_SPACING_MM,
        intensity_range=settings.intensity_range,
        threads=settings.threads,
    )
    transform = engine(pair, settings=settings, progress=part(progress, 0.05, 0.9))
    progress(0.9, 1.0, "judging the registration")
    figures = quality_figures(pair, transform, threads=settings.threads)
    if figures["mask_dice"] < HOPELESS_DICE:
        raise RegistrationFailed(
            f"after registration the two masks overlap only by a Dice of {figures['mask_dice']:.2f}",
            remedy="Check that both images show the same organ of the same person.",
        )
    progress(1.0, 1.0, "judging the registration")
    return Registration(transform, quality_checks(figures), figures, settings.engine)
