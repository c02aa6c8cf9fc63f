"""How a result came about, so that it can be made again: versions, settings, seeds, hashes. No identity, no date."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ctreview.libraries import LIBRARIES, installed_version
from ctreview.report.document import plain
from ctreview.version import __version__
from ctreview.volume.volume import Volume

__all__ = ["PROVENANCE_SCHEMA", "provenance"]

PROVENANCE_SCHEMA = "ctreview.provenance/1"


def provenance(
    inputs: Mapping[str, Volume],
    *,
    settings: Mapping[str, Any],
    seeds: Mapping[str, int],
    timings: Mapping[str, float],
    stated: Mapping[str, Any] = MappingProxyType({}),
    engines: Mapping[str, Any] = MappingProxyType({}),
    basis: str | None = None,
) -> dict[str, Any]:
    """The content of ``provenance.json``.

    Parameters
    ----------
    inputs : mapping of str to Volume
        The scans by their part in the result; their values and grids are hashed as they were read.
    settings, seeds, timings : mapping
        Of every step.
    stated : mapping
        What somebody stated of the scans instead of their headers; left out if nothing was.
    engines : mapping, optional
        Engines of third parties that lungs or lobes come from, by the part of the scan in the result; left out if there
        were none.
    basis : str, optional
        Digest of all that the result rests on, where a study keeps it; left out if not given.

    Returns
    -------
    dict
        ``inputs`` holds SHA-256 of the values and grid of each volume, which say whether two results rest on the
        same image and cannot be turned back into one. When it was made is left out: it is a date.
    """
    return {
        "schema": PROVENANCE_SCHEMA,
        "version": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: found for name in LIBRARIES if (found := installed_version(name))},
        "inputs": {key: {"sha256": volume.digest, "notes": list(volume.notes)} for key, volume in inputs.items()},
        "settings": plain(settings),
        "threads": settings.get("threads"),
        "seeds": plain(seeds),
        "seconds": plain(timings),
        **({"stated": plain(stated)} if stated else {}),
        **({"engines": plain(engines)} if engines else {}),
        **({} if basis is None else {"basis": basis}),
    }
