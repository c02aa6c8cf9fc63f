"""The libraries that numbers depend on, and which version of each is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["LIBRARIES", "installed_version"]

LIBRARIES = ("numpy", "scipy", "scikit-image", "SimpleITK", "pydicom", "python-gdcm", "numba", "edt")
"""What numbers depend on, whichever format a scan is stored in."""


def installed_version(distribution: str) -> str | None:
    """The version of a distribution; None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
