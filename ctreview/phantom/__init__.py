"""Bodies with known answers.

Takes settings (age, breath, position, grid, kernel, lesions) and gives a `Phantom`: a CT of a thorax together with
its true lungs, lobes, vessels and opacity, and between two of them the true `Transform`.
"""

from ctreview.phantom.body import Shape
from ctreview.phantom.child import CHILD, child_settings, phantom_child
from ctreview.phantom.dicom import write_phantom
from ctreview.phantom.families import (
    random_hybrid,
    random_hybrid_pair,
    random_lesions,
    random_phantom,
    random_phantom_pair,
)
from ctreview.phantom.hybrid import Host, Hybrid, HybridSettings, make_hybrid
from ctreview.phantom.lesions import Finding, Lesion, Spot
from ctreview.phantom.motion import Bump, Mapping, Motion
from ctreview.phantom.thorax import (
    Phantom,
    ThoraxSettings,
    make_thorax,
    small_thorax,
    true_mapping,
    true_transform,
)
from ctreview.phantom.truth import answer, true_fate, true_landmarks

__all__ = [
    "CHILD",
    "Bump",
    "Finding",
    "Host",
    "Hybrid",
    "HybridSettings",
    "Lesion",
    "Mapping",
    "Motion",
    "Phantom",
    "Shape",
    "Spot",
    "ThoraxSettings",
    "answer",
    "child_settings",
    "make_hybrid",
    "make_thorax",
    "phantom_child",
    "random_hybrid",
    "random_hybrid_pair",
    "random_lesions",
    "random_phantom",
    "random_phantom_pair",
    "small_thorax",
    "true_fate",
    "true_landmarks",
    "true_mapping",
    "true_transform",
    "write_phantom",
]
