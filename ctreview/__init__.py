"""Follow ground glass in thorax CT over time.

The path of the data, in a dozen lines::

    import ctreview as ct

    for series in ct.find_series("patient"):                 # what a folder holds, without decoding a pixel
        print(series.key, series.shape, series.refusal)
    volume = ct.load_volume("patient/2021-09")               # HU with their place, axes to head, back and left
    found = ct.segment(volume, age_years=4)                  # lungs, vessels, ground glass, consolidation
    print(found.measures["right_lung"].classes_ml["ground_glass"])
    comparison = ct.compare("patient/2021-09", "patient/2021-11", age_years=4)
    print(comparison.verdict, comparison["lungs"].change["opacity_ml"])   # decreased, with an interval
    print(comparison.residual)                               # where the rest is, in words
    print(comparison.table)                                  # a DataFrame: a row per region
    comparison.save("result")                                # report.html, change.json, masks for 3D Slicer
    ct.timeline("clinic.csv", results=[comparison]).save("timeline")      # beside scores, blood values and treatments
    table = ct.cohort.run("manifest.csv", "results")         # a whole cohort: a row per patient, region and measure

Everything else lies in the stages, in the order in which data pass through them: `ctreview.dicom`, `volume`,
`anatomy`, `opacity`, `registration`, `change`, `lung`, `clinical`, `report`, `ctreview.recipes`, which puts them
together, and `ctreview.cohort`, which does so for many patients.
Names are looked up when they are first used, so that ``import ctreview`` loads no numerical library.

Research use; not a medical device.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ctreview.version import __version__

if TYPE_CHECKING:
    from ctreview import clinical as clinical
    from ctreview import cohort as cohort
    from ctreview.change import Comparison, Interval, RegionChange
    from ctreview.cohort.follow_up import follow
    from ctreview.dicom.scan import find_series
    from ctreview.dicom.series import Series
    from ctreview.errors import CtreviewError
    from ctreview.recipes.chest_ct import Segmentation, compare, segment
    from ctreview.recipes.chest_ct.settings import ChestCtSettings
    from ctreview.recipes.muscle_mri import compare_muscle, measure_muscle
    from ctreview.report.timeline import timeline
    from ctreview.volume.labels import LabelMap
    from ctreview.volume.load import load_volume
    from ctreview.volume.transform import Transform
    from ctreview.volume.volume import Volume

__all__ = [
    "ChestCtSettings",
    "Comparison",
    "CtreviewError",
    "Interval",
    "LabelMap",
    "RegionChange",
    "Segmentation",
    "Series",
    "Transform",
    "Volume",
    "__version__",
    "compare",
    "compare_muscle",
    "find_series",
    "follow",
    "load_volume",
    "measure_muscle",
    "segment",
    "timeline",
]

_HOMES = {
    "ChestCtSettings": "ctreview.recipes.chest_ct.settings",
    "Comparison": "ctreview.change",
    "CtreviewError": "ctreview.errors",
    "Interval": "ctreview.change",
    "LabelMap": "ctreview.volume.labels",
    "RegionChange": "ctreview.change",
    "Segmentation": "ctreview.recipes.chest_ct",
    "Series": "ctreview.dicom.series",
    "Transform": "ctreview.volume.transform",
    "Volume": "ctreview.volume.volume",
    "compare": "ctreview.recipes.chest_ct",
    "compare_muscle": "ctreview.recipes.muscle_mri",
    "find_series": "ctreview.dicom.scan",
    "follow": "ctreview.cohort.follow_up",
    "load_volume": "ctreview.volume.load",
    "measure_muscle": "ctreview.recipes.muscle_mri",
    "segment": "ctreview.recipes.chest_ct",
    "timeline": "ctreview.report.timeline",
}

_STAGES = frozenset({"clinical", "cohort"})
"""Stages that are used by their name, ``ct.cohort.run``."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name in _STAGES:
        return import_module(f"ctreview.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'ctreview' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__) | _STAGES)
