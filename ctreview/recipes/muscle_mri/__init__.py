"""Muscles in MRI: volume, cross-section, fat and symmetry in one examination (`measure`), and change between two (`compare`)."""

from ctreview.recipes.muscle_mri.compared import MuscleChange, MuscleMriComparison
from ctreview.recipes.muscle_mri.loading import ExaminationInput
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.pipeline import compare, measure
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings

__all__ = [
    "ExaminationInput",
    "MuscleChange",
    "MuscleMriComparison",
    "MuscleMriResult",
    "MuscleMriSettings",
    "compare",
    "measure",
]
