"""Maps of an examination, on the grid of its tissue, with the small movements between contrasts taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.muscle.alignment import Alignment, align
from ctreview.muscle.maps.bias_field import correct_bias_field
from ctreview.muscle.maps.fat_fraction import dixon_fat_fraction
from ctreview.muscle.maps.from_examination import map_fat_fraction, map_water_t2
from ctreview.muscle.maps.stir import LEAST_VOXELS, require_stir, stir_ratio, stir_robust_z
from ctreview.muscle.maps.stir_reference import ReferenceBall, StirReference, measured_reference, propose_reference
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.segment import LimbTissue
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.volume.contrasts import Examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.mr_contrast import FAT_SUPPRESSED, GRADIENT_ECHO, SPIN_ECHO
from ctreview.volume.resample import resample
from ctreview.volume.volume import Volume

__all__ = ["LEAST_COVERED", "ExaminationMaps", "covered_by", "fat_suppressed", "make_maps", "ratio_to"]

Values = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

LEAST_COVERED = 0.95
"""Share of muscle that STIR must show for its volumes of oedema to stand for all of it."""


@dataclass(frozen=True, eq=False)
class ExaminationMaps:
    """What the images of an examination say of tissue.

    Attributes
    ----------
    maps : tuple of TissueMap
        On the grid of the tissue.
    alignments : dict of str to Alignment
        By contrast: how it was laid over the image that tissue was told by.
    reference : StirReference or None
        What a reader confirmed.
    proposed : ReferenceBall or None
        What could be confirmed, where nothing was.
    checks : tuple of Check
    """

    maps: tuple[TissueMap, ...]
    alignments: dict[str, Alignment]
    reference: StirReference | None
    proposed: ReferenceBall | None
    checks: tuple[Check, ...]


def make_maps(
    images: Examination,
    tissue: LimbTissue,
    image: Volume,
    *,
    reference: ReferenceBall | None = None,
    settings: MuscleMriSettings | None = None,
) -> ExaminationMaps:
    """Every map that the images allow; none where no contrast is known.

    Parameters
    ----------
    images : Examination
    tissue : LimbTissue
    image : Volume
        That tissue was told by; the others are laid over it.
    reference : ReferenceBall, optional
        Where a reader takes tissue to be healthy; without it there is no STIR ratio, and a place is proposed.
    settings : MuscleMriSettings, optional

    Raises
    ------
    InputRefused
        A reference is confirmed for a STIR after contrast agent.
    WrongUse
        A reference is confirmed, and there is no fat-suppressed image, or it is too small, dark, or not wholly in it.
    """
    settings = settings or MuscleMriSettings()
    grid = tissue.labels.geometry
    alignments: dict[str, Alignment] = {}
    fat = _fat_fraction(images)
    found = [] if fat is None else [_on(fat, grid)]
    echoes = images.echoes(SPIN_ECHO)
    t2 = map_water_t2(images)
    if t2 is not None:
        alignments["spin echo"] = align(echoes[0], image, settings=settings.alignment)
        found.append(_on(replace(t2, volume=alignments["spin echo"].placed(t2.volume)), grid))
    stir = fat_suppressed(images)
    if stir is None and reference is not None:
        raise WrongUse(
            "a reference of STIR is given, and no STIR or fat-suppressed T2 is among the images",
            remedy="Give that series as well.",
        )
    if stir is None:
        return _together(found, alignments)
    if reference is None and stir.acquisition.contrast:
        message = "STIR was acquired after a contrast agent was given: no oedema is measured."
        return _together(found, alignments, Check("stir_after_contrast", "given", "none", ok=False, message=message))
    require_stir(stir)
    alignments["STIR"] = align(correct_bias_field(stir), image, settings=settings.alignment)
    return _with_oedema(found, alignments, tissue, reference, covered_by(stir, alignments["STIR"], grid))


def fat_suppressed(images: Examination) -> Volume | None:
    """The image that oedema is measured in, as acquired."""
    return next((image for name in FAT_SUPPRESSED if (image := images.measured(name)) is not None), None)


def _with_oedema(
    found: list[TissueMap],
    alignments: dict[str, Alignment],
    tissue: LimbTissue,
    ball: ReferenceBall | None,
    covered: Mask,
) -> ExaminationMaps:
    shown, labels = alignments["STIR"].volume, tissue.labels
    muscle = labels.mask("right_muscle", "left_muscle", "muscle")
    if not muscle.any():
        return _together(found, alignments)
    coverage = _coverage(muscle, covered)
    if np.count_nonzero(muscle & covered) < LEAST_VOXELS:
        return _together(found, alignments, coverage)
    found.append(stir_robust_z(shown, muscle & covered))
    if ball is None:
        proposed = propose_reference(shown, muscle, covered)
        message = (
            "No STIR ratio is given: it needs a reference that a reader confirms, and which may be ill itself."
            if proposed is None
            else f"No STIR ratio is given until a reader confirms its reference, such as {_words(proposed)}."
        )
        asked = Check("stir_reference_not_confirmed", None, None, ok=False, message=message)
        return replace(_together(found, alignments, coverage, asked), proposed=proposed)
    found.append(ratio_to(ball, shown, covered))
    return replace(_together(found, alignments, coverage), reference=measured_reference(shown, ball))


def ratio_to(ball: ReferenceBall, shown: Volume, covered: Mask) -> TissueMap:
    """STIR over a reference.

    Raises
    ------
    InputRefused
        STIR was made after a contrast agent was given.
    WrongUse
        The reference is too small, dark, or lies not wholly in what was acquired.
    """
    there = ball.mask(shown.geometry)
    if not covered[there].all():
        raise WrongUse(
            "the reference of STIR lies partly outside that image", remedy="Give a place that STIR shows, in muscle."
        )
    ratio = stir_ratio(shown, there)
    return replace(ratio, valid=ratio.valid & covered)


def covered_by(acquired: Volume, alignment: Alignment, grid: Geometry) -> Mask:
    """Where on a grid an image was acquired, after it was moved."""
    ones = acquired.with_array(np.ones(acquired.geometry.shape, np.float32))
    return np.asarray(resample(alignment.placed(ones), grid, fill=0.0).array > 0.5)


def _coverage(muscle: Mask, covered: Mask) -> Check:
    share = float(np.count_nonzero(muscle & covered) / np.count_nonzero(muscle))
    ok = share >= LEAST_COVERED
    message = (
        "STIR shows the muscle that was found."
        if ok
        else f"STIR shows {100 * share:.0f} % of the muscle: oedema is measured in that part alone."
    )
    return Check("stir_coverage", round(share, 3), LEAST_COVERED, ok, message)


def _words(ball: ReferenceBall) -> str:
    x, y, z = ball.centre_mm
    return f"{x:.0f},{y:.0f},{z:.0f},{ball.radius_mm:.0f} (LPS millimetres and radius)"


def _together(found: list[TissueMap], alignments: dict[str, Alignment], *checks: Check) -> ExaminationMaps:
    said = tuple(
        replace(one.check, message=f"{name}: {one.check.message[0].lower()}{one.check.message[1:]}")
        for name, one in alignments.items()
    )
    caveats = tuple(check for one in found for check in one.caveats)
    return ExaminationMaps(tuple(found), alignments, None, None, (*said, *checks, *caveats))


def _fat_fraction(images: Examination) -> TissueMap | None:
    ready = images.measured("fat fraction")
    if ready is not None:
        share = ready.with_array(_as_share(np.asarray(ready.array, np.float32)), unit="fraction")
        message = "The fat fraction was computed elsewhere: how, its image does not tell."
        caveat = Check("fat_fraction_made_elsewhere", None, None, ok=False, message=message)
        return TissueMap("signal_fat_fraction", share, "1", np.ones(share.geometry.shape, bool), (caveat,))
    if len(images.echoes(GRADIENT_ECHO)) > 2:
        return map_fat_fraction(images)
    water, fat = images.measured("Dixon water"), images.measured("Dixon fat")
    if water is not None and fat is not None:
        return dixon_fat_fraction(water, fat)
    return map_fat_fraction(images)


def _as_share(values: Values) -> Values:
    """Makers store fat fractions as shares, per cent or tenths of it; none is above 100 %."""
    highest = float(np.percentile(values, 99.9))
    scale = 1.0 if highest <= 1.5 else 100.0 if highest <= 150.0 else 1000.0
    return np.asarray(values / np.float32(scale))


def _on(found: TissueMap, grid: Geometry) -> TissueMap:
    if found.geometry.same_grid(grid):
        return found
    values = resample(found.volume, grid, fill=0.0)
    there = resample(found.volume.with_array(found.valid.astype(np.float32)), grid, fill=0.0)
    return replace(found, volume=values, valid=np.asarray(there.array > 0.5))
