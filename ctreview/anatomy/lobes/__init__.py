"""Lungs to lobes, by their fissures: a learnt prior, what is seen in the image, and the most probable surface."""

from ctreview.anatomy.lobes.engine_lobes import lobes_of_engine
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.fitting import FissureSettings
from ctreview.anatomy.lobes.lobe_checks import with_lobes_of_lungs
from ctreview.anatomy.lobes.lobes import LobeMap, LobeSettings, find_lobes
from ctreview.anatomy.lobes.nearest import in_nearest_lobes
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, LOBES, LOBES_OF

__all__ = [
    "LOBES",
    "LOBES_OF",
    "LOBE_SCHEME",
    "Fissure",
    "FissureSettings",
    "LobeMap",
    "LobeSettings",
    "find_lobes",
    "in_nearest_lobes",
    "lobes_of_engine",
    "with_lobes_of_lungs",
]
