"""The steps in order, from paths to a result; each file reads from top to bottom."""

from ctreview.recipes.chest_ct import ChestCtSettings, Segmentation, compare, segment

__all__ = ["ChestCtSettings", "Segmentation", "compare", "segment"]
