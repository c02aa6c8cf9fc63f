"""Every way in which a command can end."""

from __future__ import annotations

import pytest
import typer

from ctreview.cli import running
from ctreview.errors import CtreviewError, RegistrationFailed, SeveralSeriesFound, UnreadableFile, WrongUse
from ctreview.progress import Cancelled


@pytest.fixture
def ending(monkeypatch, capsys):
    """Run a command that ends in the given way; give its exit code and what stands on stderr."""

    def run(error: BaseException | None, code: int | None = None):
        def command(*_args: object, **_options: object) -> int | None:
            if error is not None:
                raise error
            return code

        monkeypatch.setattr(running, "app", command)
        monkeypatch.delenv("CTREVIEW_DEBUG", raising=False)
        return running.run([]), capsys.readouterr().err

    return run


def fault() -> Exception:
    return KeyError("DOE^JANE")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnreadableFile("the file is cut off", where="a.dcm", remedy="Send it again."), 3),
        (SeveralSeriesFound("two series"), 2),
        (WrongUse("no"), 2),
        (RegistrationFailed("no"), 4),
        (CtreviewError("no"), 1),
        (KeyboardInterrupt(), 130),
        (Cancelled(), 130),
        (typer.TyperException("two\nlines"), 1),
        (MemoryError(), 1),
        (OSError(28, "No space left on device", "out"), 1),
        (fault(), 1),
    ],
)
def test_each_error_has_its_exit_code_and_one_line(ending, error, code):
    got, said = ending(error)
    assert got == code
    assert said.count("\n") == 1
    assert said.startswith("ctreview: ")
    assert "Traceback" not in said


def test_an_error_says_what_where_and_the_remedy(ending):
    _, said = ending(UnreadableFile("the file is cut off", where="a.dcm", remedy="Send it again."))
    assert said == "ctreview: a.dcm: the file is cut off. Send it again.\n"


def test_a_fault_shows_its_kind_and_not_its_text(ending):
    """The text of a foreign exception may quote a header."""
    _, said = ending(fault())
    assert "KeyError" in said
    assert "DOE" not in said


def test_debugging_shows_the_traceback(ending, monkeypatch, capsys):
    monkeypatch.setattr(running, "app", lambda *_a, **_o: 1 / 0)
    monkeypatch.setenv("CTREVIEW_DEBUG", "1")
    assert running.run([]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 3, 4])
def test_the_code_of_a_command_is_that_of_the_program(ending, code):
    assert ending(None, code) == (code, "")
