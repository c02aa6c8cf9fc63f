"""What a person at a terminal sees: bars and remarks on stderr, results on stdout."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.progress import Progress
from ctreview.progress import quiet as listen_to_nothing

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["complain", "print_document", "print_json", "progress_bar", "remark", "results", "shown"]


_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that move the cursor or turn the line, and bytes of a file's name that are no text."""


def shown(text: str) -> str:
    r"""A text as it may be printed: what is no character of it, such as a byte of another encoding, as ``\x…``."""
    return _UNSHOWN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _as_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def complain(line: str) -> None:
    """Say on stderr, on one line, why there is no result."""
    print(f"ctreview: {shown(' '.join(line.split()))}", file=sys.stderr)


def remark(line: str, *, quiet: bool = False) -> None:
    """Say something on stderr that is no part of the result."""
    if not quiet:
        print(shown(line), file=sys.stderr)


def print_json(value: Any) -> None:
    """Print one JSON document on stdout; numbers that are not finite are refused rather than written as ``NaN``."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # what a terminal would obey, and names of files that are no UTF-8, become the escapes that JSON has for them
    sys.stdout.write("\n".join(_UNSHOWN.sub(_as_json, line) for line in text.split("\n")) + "\n")
    sys.stdout.flush()


def print_document(path: Path) -> None:
    """Print a JSON document that was just written, so that ``--json`` and the file cannot differ."""
    sys.stdout.write(path.read_text(encoding="utf-8"))
    sys.stdout.flush()


def results() -> Console:
    """Give the console for results: plain text of any width where stdout is no terminal."""
    from rich.console import Console

    class Plain(Console):
        """Prints no character that a terminal would obey."""

        def print(self, *objects: Any, **how: Any) -> None:
            super().print(*(shown(one) if isinstance(one, str) else one for one in objects), **how)

    console = Plain(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = 200
    return console


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress]:
    """Give a listener that draws a bar on stderr; one that draws nothing if ``quiet`` or without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield listen_to_nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (BarColumn(bar_width=30), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=1.0)

        def draw(done: float, total: float, what: str) -> None:
            bars.update(task, completed=done / total if total > 0 else 1.0, description=what)

        yield draw
