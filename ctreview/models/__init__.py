"""Segmentation engines of third parties: how they are found, asked, and believed only once checked.

An engine is a class behind the entry point ``ctreview.segmenters``, of this distribution or any other. It is handed a
volume and gives numbers on the same grid; `run_segmenter` turns them into a label map, or says why it may not be used.
Weights are never fetched from here: an engine that has none says where to get them.
"""

from ctreview.models.plausible import LOBE_SHARES, segmentation_checks
from ctreview.models.registry import UnusableSegmenter, find_segmenter, find_segmenters
from ctreview.models.run import require_ready, run_segmenter
from ctreview.models.segmenter import STRUCTURES, EngineFacts, EngineLabelMap, Readiness, Segmenter, Structure

__all__ = [
    "LOBE_SHARES",
    "STRUCTURES",
    "EngineFacts",
    "EngineLabelMap",
    "Readiness",
    "Segmenter",
    "Structure",
    "UnusableSegmenter",
    "find_segmenter",
    "find_segmenters",
    "require_ready",
    "run_segmenter",
    "segmentation_checks",
]
