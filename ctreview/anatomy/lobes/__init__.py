"""Lungs to lobes, by their fissures: a learnt prior, what is seen in the image, and the most probable surface."""

from ctreview.anatomy.lobes.borders import BorderLine, LobeBorders
from ctreview.anatomy.lobes.carried import known_places
from ctreview.anatomy.lobes.engine_lobes import lobes_of_engine
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.fitting import FissureSettings
from ctreview.anatomy.lobes.lobe_checks import with_lobes_of_lungs
from ctreview.anatomy.lobes.lobes import LobeMap, LobeSettings, find_lobes
from ctreview.anatomy.lobes.nearest import in_nearest_lobes
from ctreview.anatomy.lobes.pieces import LobePiece
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, LOBES, LOBES_OF
from ctreview.anatomy.lobes.snap import nearest_fissure, snap_to_sheet

__all__ = [
    "LOBES",
    "LOBES_OF",
    "LOBE_SCHEME",
    "BorderLine",
    "Fissure",
    "FissureName",
    "FissureSettings",
    "LobeBorders",
    "LobeMap",
    "LobePiece",
    "LobeSettings",
    "find_lobes",
    "in_nearest_lobes",
    "known_places",
    "lobes_of_engine",
    "nearest_fissure",
    "snap_to_sheet",
    "with_lobes_of_lungs",
]
