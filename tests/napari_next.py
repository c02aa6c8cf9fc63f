"""The window on napari's pre-release: ``python -m tests.napari_next``.

It is installed beside the environment, without what it depends on, and comes first for one run of the tests that use
what napari keeps private. Where there is none newer, or it cannot be installed, that is said and nothing fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "build" / "napari-next"
TESTED = ("test_napari_adapter.py", "test_reading_window.py", "viewer/test_panes.py")


def main() -> int:
    """Install it, and run the tests."""
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps", "--pre"]
    newer = f"napari>{version('napari')}"
    installed = subprocess.run([*pip, "--upgrade", "--target", str(FOLDER), newer], check=False)
    if installed.returncode != 0:
        print(f"Skipped: no {newer} could be installed.")
        return 0
    paths = [str(FOLDER), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    tests = [f"tests/plugins/napari_ctreview/{name}" for name in TESTED]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *tests], cwd=REPOSITORY, env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
