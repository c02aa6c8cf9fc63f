"""Loops that are compiled by numba, with a cache that can neither go stale nor need a writable installation.

numba keeps compiled code beside the source and looks only at the file of the function itself: where a function that it
calls changed in another file, the old code would go on running without a word. So the cache lies in the user's cache
folder, under a digest of every file that holds compiled functions.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any

import numba
from numba.core import config
from platformdirs import user_cache_path

__all__ = ["compiled", "compiled_in_parallel"]

_KEPT = 4
"""Caches of so many versions are kept; older ones are removed."""

_one_at_a_time = threading.Lock()


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function with ``numba.njit`` and keep the result.

    It leaves Python's lock to others while it runs: two scans are prepared at once.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        # numba reads the folder while it decorates; other packages' functions keep theirs
        before, config.CACHE_DIR = config.CACHE_DIR, _folder()
        try:
            return numba.njit(cache=True, nogil=True, **options)(function)
        finally:
            config.CACHE_DIR = before

    return decorate


def compiled_in_parallel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function whose loops run on all cores. It is called from Python only, by one thread at a time.

    numba's work queue, all there is on some systems, ends the process when two threads enter it at once, as two
    timepoints would.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = compiled(parallel=True, **options)(function)

        @wraps(function)
        def alone(*arguments: Any) -> Any:
            with _one_at_a_time:
                return dispatcher(*arguments)

        return alone

    return decorate


@cache
def _folder() -> str:
    """The cache folder of this very source; ``NUMBA_CACHE_DIR`` names another place for it."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if b"ctreview.compiled" in source:
            digest.update(path.relative_to(package).as_posix().encode() + source)
    place = Path(config.CACHE_DIR) if config.CACHE_DIR else user_cache_path("ctreview", appauthor=False) / "compiled"
    folder = place / digest.hexdigest()[:16]
    if not folder.exists():
        _forget_old(place)
    return str(folder)


def _forget_old(place: Path) -> None:
    """Remove the caches that were not used for longest. Another process may do the same at this moment."""
    with suppress(OSError):
        found = sorted((path for path in place.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
        for path in found[: max(0, len(found) - _KEPT + 1)]:
            shutil.rmtree(path, ignore_errors=True)
