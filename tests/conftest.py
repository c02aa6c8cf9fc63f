"""What tests of every stage share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images (never part of the repository), or a skip that says where it was looked for."""
    named = os.environ.get("CTREVIEW_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}; set CTREVIEW_DATA to the folder that holds them")
    return folder
