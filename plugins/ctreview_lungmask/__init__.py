"""lungmask as a segmentation engine: U-nets for lungs (R231) and lobes (LTRCLobes), filled by R231.

Hofmanninger et al., European Radiology Experimental 4:50 (2020). Trained on adults; its authors say that lobes are of
limited use where dense disease is present or fissures are not seen in every slice.
"""

from ctreview_lungmask.segmenter import LungmaskSegmenter

__all__ = ["LungmaskSegmenter"]
