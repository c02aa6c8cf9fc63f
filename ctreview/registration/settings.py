"""What can be chosen about a registration, and why the defaults are what they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctreview.errors import WrongUse

__all__ = ["MatchingStage", "RegistrationSettings"]


@dataclass(frozen=True)
class MatchingStage:
    """One round of matching: look around every keypoint, agree with the neighbours, smooth.

    Attributes
    ----------
    spacing_mm : float
        Voxel size of the grid the images are compared on.
    search_mm : float
        How far, along each axis, a match is looked for. The step is one voxel.
    patch_mm : float
        Half the side of the cube of descriptors that is compared.
    keypoints : int
        At most so many.
    neighbours_mm : float
        Width (standard deviation) of the Gaussian with which neighbouring keypoints are averaged.
    smoothing : float
        Weight of thin-plate bending against the matches; larger is stiffer.
    """

    spacing_mm: float
    search_mm: float
    patch_mm: float
    keypoints: int
    neighbours_mm: float
    smoothing: float


@dataclass(frozen=True)
class RegistrationSettings:
    """Settings of `register`.

    Attributes
    ----------
    engine : str
        ``"keypoints"`` (built in) or ``"elastix"`` (with ``ctreview[elastix]``).
    intensity_range : tuple of float
        Values are clamped to this range before images are compared (HU: lung and the walls of its vessels).
    grid_mm : float
        Spacing of the nodes of the displacement.
    threads : int
        Threads of the matching kernels. They change the time and not the result.
    seed : int
        For the engines that draw samples (elastix).
    """

    engine: str = "keypoints"
    intensity_range: tuple[float, float] = (-1050.0, 50.0)
    affine_stages: tuple[MatchingStage, ...] = (
        MatchingStage(4.0, 32.0, 8.0, 600, 40.0, 0.0),
        MatchingStage(3.0, 12.0, 6.0, 1000, 30.0, 0.0),
    )
    stages: tuple[MatchingStage, ...] = (
        MatchingStage(3.0, 18.0, 6.0, 1000, 25.0, 1.0),
        MatchingStage(1.5, 9.0, 4.5, 2500, 16.0, 0.3),
        MatchingStage(1.5, 4.5, 3.0, 4000, 10.0, 0.1),
    )
    grid_mm: float = 4.0
    threads: int = 2
    seed: int = 20210901
    elastix_iterations: int = field(default=500)

    def __post_init__(self) -> None:
        low, high = self.intensity_range
        if not low < high:
            raise WrongUse(f"an intensity range from {low} to {high} is empty")
        if not 0 < self.grid_mm <= 4:
            raise WrongUse(f"displacements are kept on a grid of at most 4 mm, not {self.grid_mm}")
        if self.threads < 1:
            raise WrongUse(f"at least one thread is needed, not {self.threads}")
