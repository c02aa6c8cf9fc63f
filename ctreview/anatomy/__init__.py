"""Volume to lungs, airways, vessels and the regions that are counted.

In: a `Volume` in HU. Out: a `LungMap` (right, left, trachea and main bronchi, and dense candidates; `find_lungs`), a
`LabelMap` of vessels and airway walls inside the lungs (`find_vessels`), a `LobeMap` of the lobes between fissures
(`find_lobes`), and the `Regions` whose millilitres are reported (`divide_lungs`).
"""

from ctreview.anatomy.candidates import DenseCandidate, DenseClass
from ctreview.anatomy.lobes import (
    LOBE_SCHEME,
    LOBES,
    LobeMap,
    LobeSettings,
    find_lobes,
    in_nearest_lobes,
    lobes_of_engine,
    with_lobes_of_lungs,
)
from ctreview.anatomy.lung_checks import checks_of_changed_lungs
from ctreview.anatomy.lung_map import LungMap
from ctreview.anatomy.lung_size import lung_size
from ctreview.anatomy.lungs import LUNG_SCHEME, LungSettings, find_lungs
from ctreview.anatomy.other_timepoint import aerated_lung_mask, missed_lung_ml, remove_unconfirmed_dense_lung
from ctreview.anatomy.regions import divide_lungs
from ctreview.anatomy.vessels import VESSEL_SCHEME, VesselSettings, find_vessels

__all__ = [
    "LOBES",
    "LOBE_SCHEME",
    "LUNG_SCHEME",
    "VESSEL_SCHEME",
    "DenseCandidate",
    "DenseClass",
    "LobeMap",
    "LobeSettings",
    "LungMap",
    "LungSettings",
    "VesselSettings",
    "aerated_lung_mask",
    "checks_of_changed_lungs",
    "divide_lungs",
    "find_lobes",
    "find_lungs",
    "find_vessels",
    "in_nearest_lobes",
    "lobes_of_engine",
    "lung_size",
    "missed_lung_ml",
    "remove_unconfirmed_dense_lung",
    "with_lobes_of_lungs",
]
