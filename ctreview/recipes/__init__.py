"""Pipelines, one package each: the steps in order, from paths to a result."""

from ctreview.recipes.chest_ct import ChestCtSettings, Segmentation, compare, segment

__all__ = ["ChestCtSettings", "Segmentation", "compare", "segment"]
