"""Which versions of libraries are installed."""

from __future__ import annotations

from ctreview.libraries import LIBRARIES, installed_version


def test_every_library_that_numbers_depend_on_is_installed() -> None:
    assert [name for name in LIBRARIES if installed_version(name) is None] == []


def test_what_is_not_installed_has_no_version() -> None:
    assert installed_version("no-such-distribution") is None
