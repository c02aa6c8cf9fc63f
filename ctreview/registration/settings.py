"""What can be chosen about a registration, and why the defaults are what they are."""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.errors import WrongUse
from ctreview.possible_values import require_possible

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
    crowding : float
        Least distance of two keypoints, as a share of the side of the cube that each would have for itself.
    sharpness : float
        Width in voxels over which the structure of a keypoint is judged; smaller finds more of them.
    neighbours_mm : float
        Width (standard deviation) of the Gaussian with which neighbouring keypoints are averaged.
    coupling : float
        How strongly neighbours hold each other, relative to `ctreview.registration.matching.COUPLING`.
    width_mm : float
        Over which distance the matches are averaged into a field (not for the affine).
    both_ways : bool
        Whether the moving image's places are matched back in the fixed one too; the two ways are averaged, and
        matches that do not return are left out.
    """

    spacing_mm: float
    search_mm: float
    patch_mm: float
    keypoints: int
    crowding: float
    sharpness: float
    neighbours_mm: float
    coupling: float = 1.0
    width_mm: float = 16.0
    both_ways: bool = False

    def __post_init__(self) -> None:
        require_possible(self, spacing_mm=(0.25, 50.0), search_mm=(0.0, 200.0), keypoints=(1, 100_000))

    @property
    def search(self) -> int:
        """The search in voxels."""
        return round(self.search_mm / self.spacing_mm)

    @property
    def patch(self) -> int:
        """Half the patch in voxels."""
        return round(self.patch_mm / self.spacing_mm)


@dataclass(frozen=True)
class RegistrationSettings:
    """Settings of `register`.

    Attributes
    ----------
    engine : str
        ``"keypoints"`` (built in) or ``"elastix"`` (with ``ctreview[elastix]``).
    intensity_range : tuple of float
        Values are clamped to this range before images are compared (HU: lung and the walls of its vessels).
    affine_stages, stages : tuple of MatchingStage
        The rounds of the engine "keypoints", from far and coarse to near and fine. Chosen on the follow-up pair
        and on a normal scan under known deformations; landmarks move by less than 0.1 mm for all near values.
    grid_mm : float
        Spacing of the nodes of the displacement, at most 4 mm.
    threads : int
        Threads of the compiled kernels. Engine "keypoints": they change the time, not the result.
    seed : int
        For the engine that draws samples (elastix).
    elastix_iterations : int
        Of each of its four levels.
    """

    engine: str = "keypoints"
    intensity_range: tuple[float, float] = (-1050.0, 50.0)
    affine_stages: tuple[MatchingStage, ...] = (
        MatchingStage(4.0, 32.0, 8.0, 600, 0.62, 1.4, neighbours_mm=40.0),
        MatchingStage(3.0, 12.0, 6.0, 1000, 0.62, 1.4, neighbours_mm=30.0),
    )
    stages: tuple[MatchingStage, ...] = (
        MatchingStage(3.0, 18.0, 6.0, 1000, 0.4, 1.0, neighbours_mm=25.0, width_mm=16.0),
        MatchingStage(1.5, 9.0, 4.5, 4000, 0.5, 1.0, neighbours_mm=16.0, width_mm=10.0, both_ways=True),
        MatchingStage(1.5, 4.5, 4.5, 8000, 0.4, 0.7, neighbours_mm=10.0, coupling=0.3, width_mm=6.0, both_ways=True),
        MatchingStage(1.5, 3.0, 1.5, 8000, 0.4, 0.7, neighbours_mm=8.0, coupling=0.3, width_mm=5.0, both_ways=True),
    )
    grid_mm: float = 4.0
    threads: int = 2
    seed: int = 20210901
    elastix_iterations: int = 500

    def __post_init__(self) -> None:
        require_possible(self, grid_mm=(0.25, 4.0), threads=(1, 4096), elastix_iterations=(1, 100_000))
        low, high = self.intensity_range
        if not low < high:
            raise WrongUse(f"an intensity range from {low} to {high} is empty")
