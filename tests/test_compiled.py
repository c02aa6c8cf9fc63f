"""Compiled loops: never stale, never beside a read-only source, never entered by two threads at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import ctreview


def run(package: Path, cache: Path) -> str:
    """Import the small package below in a process of its own and give what it prints."""
    script = "from ctreview.outer import outer; print(outer(3.0))"
    environment = {"PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache), "PATH": ""}
    # Python's own cache does not see a file that was changed twice within one second
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], env=environment, cwd=package, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def make_package(folder: Path, factor: str) -> None:
    """A package of the same name with our `compiled` module, one compiled function that calls another one."""
    package = folder / "ctreview"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    shutil.copy(Path(ctreview.__file__).with_name("compiled.py"), package)
    (package / "inner.py").write_text(
        textwrap.dedent(f"""
        from ctreview.compiled import compiled
        @compiled()
        def inner(x):
            return {factor} * x
        """)
    )
    (package / "outer.py").write_text(
        textwrap.dedent("""
        from ctreview.compiled import compiled
        from ctreview.inner import inner
        @compiled()
        def outer(x):
            return inner(x) + 1.0
        """)
    )


def test_a_change_in_a_function_that_another_file_calls_is_never_missed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    make_package(tmp_path / "source", "2.0")
    kept = (tmp_path / "source/ctreview/outer.py").stat()
    assert run(tmp_path / "source", cache) == "7.0"
    make_package(tmp_path / "source", "5.0")
    # as after an upgrade from a wheel, whose files all have one date
    os.utime(tmp_path / "source/ctreview/outer.py", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert run(tmp_path / "source", cache) == "16.0"


def test_nothing_is_written_beside_the_source_and_old_caches_go(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(7):
        make_package(tmp_path / "source", f"{number}.0")
        run(tmp_path / "source", cache)
    assert not list((tmp_path / "source").rglob("*.nbi"))
    assert len([path for path in cache.iterdir() if path.is_dir()]) <= 5


def test_two_threads_never_enter_a_parallel_loop_at_once() -> None:
    import threading
    import time

    from ctreview import compiled

    inside, most = [0], [0]

    def watched(*_arguments: object) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.02)
        inside[0] -= 1

    original = compiled.compiled
    try:
        compiled.compiled = lambda **_options: lambda _function: watched  # type: ignore[assignment]
        loop = compiled.compiled_in_parallel()(watched)
    finally:
        compiled.compiled = original
    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1
