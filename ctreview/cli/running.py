"""Every way in which a command can end, as an exit code and at most one line on stderr."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import typer

from ctreview.cli.app import app
from ctreview.cli.terminal import complain
from ctreview.errors import CtreviewError, in_words
from ctreview.progress import Cancelled

__all__ = ["run"]

STOPPED = 130
ENDED = 128 + int(signal.SIGTERM)


class _Ended(BaseException):
    """The process was asked to end (SIGTERM)."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    With ``CTREVIEW_DEBUG=1`` in the environment an error travels on with its traceback.
    """
    _show_any_name()
    try:
        with _ended_by_signal():
            code = app(None if arguments is None else list(arguments), prog_name="ctreview", standalone_mode=False)
        if code == STOPPED:  # typer makes a code of Ctrl-C by itself
            raise KeyboardInterrupt
        return int(code or 0)
    except BaseException as error:
        if os.environ.get("CTREVIEW_DEBUG") == "1" and isinstance(error, Exception):
            traceback.print_exc()
        code, line = _how_it_ended(error)
        if line:
            complain(line)
        return code


def _show_any_name() -> None:
    """Have paths whose bytes are no text printed as escapes, on terminals that take nothing else."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _how_it_ended(error: BaseException) -> tuple[int, str]:
    """Give the exit code and the line for a person."""
    code, line = 1, ""
    match error:
        case SystemExit():
            code = error.code if isinstance(error.code, int) else 1
        case KeyboardInterrupt() | Cancelled() | typer.Abort():
            code, line = STOPPED, "stopped; nothing half made is left"
        case _Ended():
            code, line = ENDED, "asked to end; nothing half made is left"
        case CtreviewError():
            code, line = error.exit_code, str(error)
        case typer.TyperException():
            code, line = error.exit_code, _wrong_use(error)
        case _:
            line = in_words(error)
    return code, line


def _wrong_use(error: typer.TyperException) -> str:
    """What the parser says, and which help to ask; nothing where it has already shown the help."""
    said = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "ctreview"
    return f"{said}. Help: {command} --help." if said else ""


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that temporary files go the way they go on Ctrl-C."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
