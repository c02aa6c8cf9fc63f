"""What the values of a phantom's label maps mean: the words of the stages that they test, and lobes."""

from __future__ import annotations

from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, LOBES, LOBES_OF, LOBES_OF_LUNG
from ctreview.anatomy.lungs import LUNG_SCHEME
from ctreview.anatomy.vessels import VESSEL_SCHEME
from ctreview.opacity.scheme import OPACITY_SCHEME

__all__ = ["LOBES", "LOBES_OF", "LOBES_OF_LUNG", "LOBE_SCHEME", "LUNG_SCHEME", "OPACITY_SCHEME", "VESSEL_SCHEME"]
