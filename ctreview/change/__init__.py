"""Two scans with their regions and opacity, and a transform between them, to a comparison.

In go, for each timepoint, a `Volume`, its `Regions` and a label map with ``ground_glass`` and ``consolidation``;
out come, per region, the measures (`measure`), what became of each voxel (`find_fate`), how far each number could
be off (`find_intervals`), what may be said (`judge`), and all of it as one `Comparison`. Nothing here knows an
organ: the regions, the masks and the variants of a segmentation are handed in.
"""

from ctreview.change.comparison import (
    CHANGE_SCHEMA,
    Comparison,
    Interval,
    Measurement,
    RegionChange,
    Timepoint,
    Verdict,
    Writer,
)
from ctreview.change.measure import RegionMeasures, measure

__all__ = [
    "CHANGE_SCHEMA",
    "Comparison",
    "Interval",
    "Measurement",
    "RegionChange",
    "RegionMeasures",
    "Timepoint",
    "Verdict",
    "Writer",
    "measure",
]
