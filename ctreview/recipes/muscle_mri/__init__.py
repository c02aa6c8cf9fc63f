"""Muscles in MRI, in one examination (`measure_muscle`) and between two (`compare_muscle`)."""

from ctreview.recipes.muscle_mri.compared import MuscleChange, MuscleMriComparison
from ctreview.recipes.muscle_mri.loading import ExaminationInput
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.pipeline import compare_muscle, measure_muscle
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings

__all__ = [
    "ExaminationInput",
    "MuscleChange",
    "MuscleMriComparison",
    "MuscleMriResult",
    "MuscleMriSettings",
    "compare_muscle",
    "measure_muscle",
]
