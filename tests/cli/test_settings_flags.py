"""Flags made from settings dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest
import typer
from typer.testing import CliRunner

from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings, option_name
from ctreview.errors import WrongUse
from ctreview.settings_fields import settings_fields


@dataclass(frozen=True)
class Inner:
    """An inner part.

    Attributes
    ----------
    threshold_sigma : float
        Opacity begins this many ``sigma`` above
        the mean.
    low_hu, high_hu : float
        Ends of a band.
    window : tuple of float
        Two numbers.
    anchor : str
        A word of a list.
    """

    threshold_sigma: float = 2.5
    low_hu: float = -950.0
    high_hu: float = -700.0
    window: tuple[float, float] = (-1050.0, 50.0)
    anchor: Literal["age", "histogram"] = "histogram"
    stages: tuple[float, ...] = (1.0, 2.0)

    def __post_init__(self) -> None:
        if self.low_hu > self.high_hu:
            raise WrongUse("the band is empty")


@dataclass(frozen=True)
class Outer:
    """Settings of everything.

    Attributes
    ----------
    opacity : Inner
        The inner part.
    smooth : bool
        Whether to smooth.
    age_limit : float or None
        None where there is none.
    threads : int
        Has an option of its own.

    Notes
    -----
    smooth : not here
    """

    opacity: Inner = field(default_factory=Inner)
    smooth: bool = True
    age_limit: float | None = None
    threads: int = 2


class Command(CommandWithSettings):
    """A command with them."""

    settings = Outer
    without = frozenset({"threads"})


def test_every_field_that_can_be_written_has_a_flag():
    flags = {option_name(one): one.default for one in settings_fields(Outer(), without=frozenset({"threads"}))}
    assert flags == {
        "--opacity-threshold-sigma": 2.5,
        "--opacity-low-hu": -950.0,
        "--opacity-high-hu": -700.0,
        "--opacity-window": (-1050.0, 50.0),
        "--opacity-anchor": "histogram",
        "--smooth": True,
        "--age-limit": None,
    }


@pytest.fixture
def run():
    """Give the settings that a command line makes."""
    made = []
    app = typer.Typer()

    @app.command(cls=Command)
    def measure(context: typer.Context, source: str) -> None:
        """Measure."""
        made.append((source, chosen_settings(context, Outer())))

    def parse(*words: str):
        made.clear()
        return CliRunner().invoke(app, list(words)), (made[0] if made else None)

    return parse


def test_without_flags_the_defaults_stand(run):
    assert run("scan")[1] == ("scan", Outer())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--opacity-threshold-sigma", "3"], Outer(opacity=Inner(threshold_sigma=3.0))),
        (["--opacity-window", "-1000", "0"], Outer(opacity=Inner(window=(-1000.0, 0.0)))),
        (["--opacity-anchor", "age", "--no-smooth"], Outer(opacity=Inner(anchor="age"), smooth=False)),
        (["--age-limit", "18"], Outer(age_limit=18.0)),
    ],
)
def test_flags_reach_the_settings(run, words, expected):
    assert run("scan", *words)[1] == ("scan", expected)


@pytest.mark.parametrize("words", [["--opacity-anchor", "moon"], ["--opacity-low-hu", "low"], ["--stages", "1"]])
def test_what_is_no_value_is_wrong_use(run, words):
    assert run("scan", *words)[0].exit_code == 2


def test_settings_check_themselves(run):
    assert isinstance(run("scan", "--opacity-low-hu", "0")[0].exception, WrongUse)


def test_settings_that_are_allowed_only_together_are_put_in_together(run):
    words = ["--opacity-low-hu", "-600", "--opacity-high-hu", "-500"]
    assert run("scan", *words)[1] == ("scan", Outer(opacity=Inner(low_hu=-600.0, high_hu=-500.0)))


def test_help_shows_the_settings_under_their_part(run):
    said = " ".join(run("--help")[0].output.replace("│", " ").split())
    assert "Settings: opacity" in said
    assert "Opacity begins this many sigma above the mean." in said
    assert "default: 2.5" in said
