"""Over a cohort: from a manifest of scans to one table, a row per patient, interval, region and measure.

Takes a manifest (a CSV file that names subject, timepoint and path of each scan), has every pair compared in worker
processes, keeps one file per case, and gives tidy tables with the data dictionary that describes them::

    table = ct.cohort.run("manifest.csv", "results")   # the same call goes on where it was stopped
    table = ct.cohort.load("results")
"""

from ctreview.cohort.manifest import Manifest, ManifestRow, read_manifest
from ctreview.cohort.runner import load, run
from ctreview.tables import RowFault

__all__ = ["Manifest", "ManifestRow", "RowFault", "load", "read_manifest", "run"]
