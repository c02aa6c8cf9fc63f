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
from ctreview.phantom.lesions import Lesion, Nodule, TrueFinding
from ctreview.phantom.motion import Bump, Motion, TrueCorrespondence
from ctreview.phantom.thorax import (
    Phantom,
    ThoraxSettings,
    make_thorax,
    small_thorax,
    true_correspondence,
    true_transform,
)
from ctreview.phantom.truth import ground_truth, true_fate, true_landmarks

__all__ = [
    "CHILD",
    "Bump",
    "Host",
    "Hybrid",
    "HybridSettings",
    "Lesion",
    "Motion",
    "Nodule",
    "Phantom",
    "Shape",
    "ThoraxSettings",
    "TrueCorrespondence",
    "TrueFinding",
    "child_settings",
    "ground_truth",
    "make_hybrid",
    "make_thorax",
    "phantom_child",
    "random_hybrid",
    "random_hybrid_pair",
    "random_lesions",
    "random_phantom",
    "random_phantom_pair",
    "small_thorax",
    "true_correspondence",
    "true_fate",
    "true_landmarks",
    "true_transform",
    "write_phantom",
]
