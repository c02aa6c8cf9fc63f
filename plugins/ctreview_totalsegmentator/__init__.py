"""TotalSegmentator as a segmentation engine: an nnU-Net for lobes, and for lungs as their sum.

Wasserthal et al., Radiology: Artificial Intelligence 5(5):e230024 (2023). Trained on adults.
"""

from ctreview_totalsegmentator.segmenter import TotalSegmentatorSegmenter

__all__ = ["TotalSegmentatorSegmenter"]
