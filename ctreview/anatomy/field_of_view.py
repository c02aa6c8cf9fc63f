"""A field of view that is smaller than the patient, and round: what lies beyond it was not measured, and is no air."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.volume.volume import Volume

__all__ = ["cut_by_field_of_view", "touches_unmeasured", "unmeasured_blocks", "with_unknown_outside"]

UNKNOWN_HU = -350.0
"""Between aerated lung and soft tissue, so that what was not measured is taken for neither."""

CUT_SHARE = 0.1
"""Share of the rim of the field of view that must be denser than air for it to cut the patient; a table makes less."""

_RIM_AIR_HU = -930.0
_EVERY = 4


def cut_by_field_of_view(volume: Volume) -> bool:
    """Whether the field of view ends within the patient rather than in the air around."""
    if volume.unmeasured is None:
        return False
    dense = total = 0
    for number in range(0, volume.array.shape[0], _EVERY):
        rim = _beside(volume.unmeasured[number])
        total += int(np.count_nonzero(rim))
        dense += int(np.count_nonzero(volume.array[number][rim] > _RIM_AIR_HU))
    return total > 0 and dense > CUT_SHARE * total


def with_unknown_outside(volume: Volume) -> Volume:
    """The volume with what was not measured at a density that is neither air nor tissue."""
    array = volume.array.copy()
    np.copyto(array, np.asarray(UNKNOWN_HU, dtype=array.dtype), where=_mask(volume))
    return volume.with_array(array)


def unmeasured_blocks(volume: Volume, coarse: CoarseImage) -> Mask:
    """Blocks of which half or more was not measured."""
    return np.asarray(coarse.fraction(np.ascontiguousarray(_mask(volume))) >= 0.5)


def touches_unmeasured(volume: Volume, mask: Mask) -> bool:
    """Whether a structure reaches the border of the field of view."""
    outside = _mask(volume)
    return any(bool((_beside(plane) & mask[number]).any()) for number, plane in enumerate(outside))


def _mask(volume: Volume) -> Mask:
    assert volume.unmeasured is not None
    return volume.unmeasured


def _beside(outside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Pixels of a plane that were measured and lie within two of one that was not."""
    wide = outside.copy()
    for axis in (0, 1):
        once = wide.copy()
        for step in (1, 2):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            once[tuple(ahead)] |= wide[tuple(behind)]
            once[tuple(behind)] |= wide[tuple(ahead)]
        wide = once
    return wide & ~outside
