"""One patient on disk: timepoints with masks, readers with journals, findings and signatures.

Every file names its schema and is written under a temporary name, flushed and renamed; the journal alone grows line by
line. Images stay where they are: a study keeps where they lie and their digest.
"""

from ctreview.study.finding import FINDING_TYPES, Finding, FindingState
from ctreview.study.grade import Grade
from ctreview.study.key_image import KeyImage
from ctreview.study.plan import AnalysisPlan
from ctreview.study.reading import Reading
from ctreview.study.store import ImageReference, Study

__all__ = [
    "FINDING_TYPES",
    "AnalysisPlan",
    "Finding",
    "FindingState",
    "Grade",
    "ImageReference",
    "KeyImage",
    "Reading",
    "Study",
]
