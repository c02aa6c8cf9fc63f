"""Starting: nothing heavy is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ctreview.version import __version__

HEAVY = ("numpy", "scipy", "skimage", "SimpleITK", "pydicom", "gdcm", "numba", "pandas", "matplotlib", "jinja2", "itk")


def loaded_after(code: str) -> list[str]:
    """Which heavy libraries a fresh Python has loaded after running ``code``."""
    ask = f"{code}\nimport sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "import ctreview",
        "import ctreview.cli",
        "from ctreview.cli import main; main(['--help'])",
        "from ctreview.cli import main; main(['--version'])",
        "from ctreview.cli import main; main(['info', '--help'])",
    ],
)
def test_starting_loads_no_heavy_library(code):
    assert loaded_after(code) == []


def test_the_list_of_heavy_libraries_would_be_seen():
    assert loaded_after("import numpy") == ["numpy"]


def test_version(process):
    said = process("--version")
    assert (said.code, said.out.strip()) == (0, f"ctreview {__version__}")


def test_help_says_it_is_no_medical_device(process):
    said = process("--help")
    assert said.code == 0
    assert "not a medical device" in " ".join(said.out.split())
    for name in ("info", "segment", "compare", "demo", "doctor"):
        assert name in said.out
