"""What the numbers of a case rest on beside its scans: the code that measures, its libraries, the settings."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from ctreview.libraries import LIBRARIES, installed_version
from ctreview.version import __version__

__all__ = ["engine_versions", "segmenter_versions", "short_digest", "without_threads"]

WITHOUT_NUMBERS = frozenset({"cli", "cohort", "phantom", "report", "review", "study"})
"""Folders of the package that no number of a comparison comes from."""

ALL_LIBRARIES = (*LIBRARIES, "nibabel", "pynrrd")
"""Libraries that numbers depend on, with those that read other formats than DICOM."""

THREADS = (("threads",), ("registration", "threads"), ("load", "processes"))
"""Settings that change the time and not the result."""


def short_digest(value: Any) -> str:
    """Sixteen hexadecimal digits of what is ready for JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def engine_versions() -> Mapping[str, str]:
    """Which program measures.

    Returns
    -------
    mapping
        ``version`` of ctreview; ``code``, a digest of the source that numbers come from; ``libraries``, one of the
        installed versions of what numbers depend on; ``lock``, one of those of all that ctreview requires.
    """
    return {
        "version": __version__,
        "code": _code(),
        "libraries": short_digest({name: installed_version(name) for name in ALL_LIBRARIES}),
        "lock": short_digest({name: installed_version(name) for name in _required()}),
    }


def segmenter_versions(settings: Mapping[str, Any]) -> dict[str, str | None]:
    """Versions of the engines of third parties that settings name, by what each finds; empty where none is named."""
    from ctreview.models import Structure, find_segmenter  # noqa: PLC0415 - where one is named alone

    structures: tuple[Structure, Structure] = ("lungs", "lobes")
    named = {structure: settings.get(f"{structure}_from") for structure in structures}
    return {structure: find_segmenter(name).readiness(structure).version for structure, name in named.items() if name}


def without_threads(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without those that change nothing but the time."""
    found: dict[str, Any] = json.loads(json.dumps(settings))
    for *above, name in THREADS:
        inner = found
        for key in above:
            inner = inner.get(key, {})
        inner.pop(name, None)
    return found


def _code() -> str:
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        if inside.parts[0] not in WITHOUT_NUMBERS:
            digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _required() -> list[str]:
    try:
        said = requires("ctreview") or []
    except PackageNotFoundError:
        return list(ALL_LIBRARIES)
    names = (re.match(r"[\w.-]+", one) for one in said if "extra ==" not in one)
    return sorted({name[0] for name in names if name})
