"""How much of a limb's muscle lies within the error of its border: much in thin limbs and large voxels."""

from __future__ import annotations

from math import pi

import numpy as np

from ctreview.checks import Check
from ctreview.muscle.scheme import tissue_key
from ctreview.muscle.segment import LimbTissue
from ctreview.recipes.muscle_mri.settings import MuscleIntervalSettings, MuscleVerdictSettings

__all__ = ["check_border_share"]


def check_border_share(tissue: LimbTissue) -> Check:
    """Whether muscle would change by more than a change that is called one, were its border in doubt by so little.

    That doubt is the one of intervals, `MuscleIntervalSettings.boundary_voxels`: on phantoms the border lies up to it
    too far out, since fascia is thinner than a voxel. Of two limbs the thinner one counts.
    """
    voxels, limit = MuscleIntervalSettings().boundary_voxels, MuscleVerdictSettings().size_percent
    below = ~tissue.limbs.joined[:, None, None]
    shares = []
    for side in tissue.sides:
        muscle = tissue.labels.mask(tissue_key("muscle", side)) & below
        inside = muscle | (tissue.labels.mask(tissue_key("intermuscular_fat", side)) & below)
        faces = sum(np.count_nonzero(np.diff(inside, axis=axis)) for axis in (1, 2))
        length = pi / 4 * faces  # a line in any direction crosses 4/π times as many faces as it is voxels long
        shares.append(100.0 * voxels * length / max(1, int(np.count_nonzero(muscle))))
    share = round(float(max(shares)), 1)
    words = f"{voxels:g} voxels at its border are {share:g} % of the muscle"
    message = (
        f"{words}: so much may be read too much of a limb as thin as this, in T1 above all. Changes hold it in their "
        "intervals; finer voxels make it less."
        if share > limit
        else f"{words}."
    )
    return Check("border_share", share, limit, ok=share <= limit, message=message)
