"""Listing series needs no heavy library."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pydicom", "SimpleITK", "gdcm", "jpeg_ls", "numba", "scipy", "skimage", "pandas", "matplotlib")


def test_the_stage_loads_numpy_and_nothing_else_of_weight() -> None:
    program = f"import sys, ctreview.dicom\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.split() == []
