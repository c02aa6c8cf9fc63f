"""The clinic's timeline: scores, blood values, treatments, events and scans, each with when it was.

In goes a CSV file (`read_timeline`), or bundles of FHIR (`ctreview.clinical.fhir`, extra ``fhir``); out comes one
frozen `ClinicalTimeline`, which the report draws. `index_case` gives the published case that ctreview follows. Nothing
here says that one thing caused another.
"""

from ctreview.clinical.examples import index_case, template
from ctreview.clinical.timeline import (
    ClinicalEvent,
    ClinicalSeries,
    ClinicalTimeline,
    ClinicalValue,
    ScanTime,
    Text,
    Treatment,
)
from ctreview.clinical.timeline_table import read_timeline

__all__ = [
    "ClinicalEvent",
    "ClinicalSeries",
    "ClinicalTimeline",
    "ClinicalValue",
    "ScanTime",
    "Text",
    "Treatment",
    "index_case",
    "read_timeline",
    "template",
]
