"""Ground glass in thorax CT, in one scan (`segment`) and between two (`compare`)."""

from ctreview.recipes.chest_ct.corrections import NO_EDITS, OPACITY, Edits
from ctreview.recipes.chest_ct.pipeline import Prepared, compare, compare_prepared, prepare, segment
from ctreview.recipes.chest_ct.scan import Source
from ctreview.recipes.chest_ct.segmentation import Segmentation
from ctreview.recipes.chest_ct.settings import ChestCtSettings

__all__ = [
    "NO_EDITS",
    "OPACITY",
    "ChestCtSettings",
    "Edits",
    "Prepared",
    "Segmentation",
    "Source",
    "compare",
    "compare_prepared",
    "prepare",
    "segment",
]
