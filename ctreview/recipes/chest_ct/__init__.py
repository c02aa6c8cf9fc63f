"""Ground glass in thorax CT, in one scan (`segment`) and between two (`compare`)."""

from ctreview.recipes.chest_ct.corrections import NO_EDITS, OPACITY, Edits
from ctreview.recipes.chest_ct.loading import ScanInput
from ctreview.recipes.chest_ct.pipeline import compare, compare_prepared, prepare, segment
from ctreview.recipes.chest_ct.prepared import Prepared
from ctreview.recipes.chest_ct.segmentation import Segmentation
from ctreview.recipes.chest_ct.settings import ChestCtSettings

__all__ = [
    "NO_EDITS",
    "OPACITY",
    "ChestCtSettings",
    "Edits",
    "Prepared",
    "ScanInput",
    "Segmentation",
    "compare",
    "compare_prepared",
    "prepare",
    "segment",
]
