"""Muscles in MRI: volume, cross-section, fat and symmetry in one examination (`measure`)."""

from ctreview.recipes.muscle_mri.loading import ExaminationInput
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.pipeline import measure
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings

__all__ = ["ExaminationInput", "MuscleMriResult", "MuscleMriSettings", "measure"]
