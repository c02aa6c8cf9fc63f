"""The clinical timeline as one figure on one time axis, in English or German, and as a page of its own.

In goes a `ctreview.clinical.ClinicalTimeline`, out comes HTML with an SVG inside (`timeline_section`): scans, opacity,
muscle measures, scores, blood values, treatments and events beneath each other. Values are joined only where one
instrument or assay, one source and three dates or more stand behind them. `timeline` puts results of comparisons in.
"""

from ctreview.report.timeline.compose import (
    DrawnTimeline,
    key_images_of,
    read_change,
    timeline,
    timeline_of_comparison,
)
from ctreview.report.timeline.marks_rows import ScanPicture
from ctreview.report.timeline.opacity_course import with_results
from ctreview.report.timeline.page import timeline_document, write_timeline
from ctreview.report.timeline.section import timeline_section

__all__ = [
    "DrawnTimeline",
    "ScanPicture",
    "key_images_of",
    "read_change",
    "timeline",
    "timeline_document",
    "timeline_of_comparison",
    "timeline_section",
    "with_results",
    "write_timeline",
]
