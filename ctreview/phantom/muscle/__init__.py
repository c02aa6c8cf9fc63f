"""Pelvis and thighs of a child and an adult with a known answer, scanned by MRI.

Takes `LegsSettings`; gives `Legs` with the true fat fraction, T2, compartments and groups of muscles, and of these the
contrasts of an examination.
"""

from ctreview.phantom.muscle.body import Legs, make_legs
from ctreview.phantom.muscle.child import muscle_child, muscle_child_settings
from ctreview.phantom.muscle.dicom import write_enhanced_mr, write_examination
from ctreview.phantom.muscle.sample import muscle_answer, write_muscle_sample
from ctreview.phantom.muscle.scanner import MrScanner
from ctreview.phantom.muscle.scans import (
    DixonScan,
    scan_dixon,
    scan_gradient_echoes,
    scan_spin_echoes,
    scan_stir,
    scan_t1,
    scan_t2,
    stations,
)
from ctreview.phantom.muscle.settings import (
    ADULT_LEGS,
    CHILD_LEGS,
    Course,
    FattyMuscle,
    LegsSettings,
    OedemaPatch,
    later_legs,
)
from ctreview.phantom.muscle.ultrasound import UltrasoundFrame, scan_ultrasound, write_ultrasound

__all__ = [
    "ADULT_LEGS",
    "CHILD_LEGS",
    "Course",
    "DixonScan",
    "FattyMuscle",
    "Legs",
    "LegsSettings",
    "MrScanner",
    "OedemaPatch",
    "UltrasoundFrame",
    "later_legs",
    "make_legs",
    "muscle_answer",
    "muscle_child",
    "muscle_child_settings",
    "scan_dixon",
    "scan_gradient_echoes",
    "scan_spin_echoes",
    "scan_stir",
    "scan_t1",
    "scan_t2",
    "scan_ultrasound",
    "stations",
    "write_enhanced_mr",
    "write_examination",
    "write_muscle_sample",
    "write_ultrasound",
]
