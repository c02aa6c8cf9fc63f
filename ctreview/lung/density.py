"""What the density of a whole lung says: its histogram in numbers, high attenuation, mass and excess mass."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse
from ctreview.opacity.bands import HIGH_ATTENUATION_HU

__all__ = ["DensityProfile", "density_profile", "excess_mass_g", "lung_mass_g"]

PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class DensityProfile:
    """The histogram of a lung in numbers, vessels included.

    Attributes
    ----------
    mean_hu, sd_hu : float
    skewness, kurtosis : float
        Third and fourth standardised moment of all voxels; kurtosis of a normal distribution is 3.
    percentiles_hu : dict of str to float
        By their number, such as ``"50"``.
    high_attenuation_percent : float
        Share in `HIGH_ATTENUATION_HU`, a band of adults; children are denser.
    mass_g : float
        `lung_mass_g`.
    """

    mean_hu: float
    sd_hu: float
    skewness: float
    kurtosis: float
    percentiles_hu: dict[str, float]
    high_attenuation_percent: float
    mass_g: float

    def to_dict(self) -> dict[str, float | dict[str, float]]:
        """Ready for JSON."""
        return asdict(self)


def density_profile(hu: npt.NDArray[np.generic], voxel_ml: float) -> DensityProfile:
    """Describe the voxels of a lung.

    Parameters
    ----------
    hu : ndarray
        Values of its voxels in HU, any shape.
    voxel_ml : float
        Volume of one.

    Raises
    ------
    WrongUse
        There is no voxel.
    """
    values = np.asarray(hu, dtype=np.float64).ravel()
    if not values.size:
        raise WrongUse("a lung without voxels has no density")
    mean, sd = float(values.mean()), float(values.std())
    standard = (values - mean) / (sd or 1.0)
    low, high = HIGH_ATTENUATION_HU
    return DensityProfile(
        mean_hu=mean,
        sd_hu=sd,
        skewness=float((standard**3).mean()),
        kurtosis=float((standard**4).mean()),
        percentiles_hu={str(n): float(v) for n, v in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)},
        high_attenuation_percent=100.0 * float(((values >= low) & (values <= high)).mean()),
        mass_g=lung_mass_g(values, voxel_ml),
    )


def lung_mass_g(hu: npt.NDArray[np.generic], voxel_ml: float) -> float:
    """Mass of tissue and blood in grams: each voxel weighs 1 + HU/1000 grams per millilitre, and never less than 0."""
    density = 1.0 + np.asarray(hu, dtype=np.float64) / 1000.0
    return float(np.clip(density, 0.0, None).sum()) * voxel_ml


def excess_mass_g(hu_of_opacity: npt.NDArray[np.generic], normal_hu: float, voxel_ml: float) -> float:
    """What opacity weighs above the healthy lung of the same patient in its place, in grams.

    Parameters
    ----------
    hu_of_opacity : ndarray
        Values of the voxels of opacity in HU.
    normal_hu : float
        Density of the patient's own normal lung at that depth of breath.
    voxel_ml : float

    Returns
    -------
    float
        Negative where what was called opacity is lighter than normal lung.
    """
    above = np.asarray(hu_of_opacity, dtype=np.float64) - normal_hu
    return float(above.sum()) / 1000.0 * voxel_ml
