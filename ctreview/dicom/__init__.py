"""Files to series: find, sort, check and decode, and say what a header says.

Takes a path; gives `Series`, each either readable or with the reason why not. Nothing here decodes a pixel before
it is asked to, and nothing here is written.
"""

from __future__ import annotations

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.dicom.comparability import AcquisitionChecks, compare_acquisitions
from ctreview.dicom.scan import find_series
from ctreview.dicom.series import Series
from ctreview.dicom.survey import SeriesPair, SeriesSummary, compare_series, pairs, survey

__all__ = [
    "Acquisition",
    "AcquisitionChecks",
    "Patient",
    "Series",
    "SeriesPair",
    "SeriesSummary",
    "compare_acquisitions",
    "compare_series",
    "find_series",
    "pairs",
    "survey",
]
