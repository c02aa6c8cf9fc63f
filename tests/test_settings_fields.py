"""Fields of settings, told from their dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctreview.settings_fields import described_attributes, settings_fields, with_setting, with_settings


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
    """

    threshold_sigma: float = 2.5
    low_hu: float = -950.0
    high_hu: float = -700.0

    def __post_init__(self) -> None:
        assert self.low_hu <= self.high_hu


@dataclass(frozen=True)
class Outer:
    """Settings of everything.

    Attributes
    ----------
    smooth : bool
        Whether to smooth.

    Notes
    -----
    threads : not here
    """

    opacity: Inner = field(default_factory=Inner)
    smooth: bool = True
    threads: int = 2


def test_descriptions_come_from_the_docstring() -> None:
    assert described_attributes(Inner)["threshold_sigma"] == "Opacity begins this many sigma above the mean."
    assert described_attributes(Inner)["low_hu"] == described_attributes(Inner)["high_hu"] == "Ends of a band."
    assert described_attributes(Outer) == {"smooth": "Whether to smooth."}


def test_fields_are_told_by_their_path() -> None:
    found = {".".join(one.path): one.default for one in settings_fields(Outer(), without=frozenset({"threads"}))}
    assert found == {
        "opacity.threshold_sigma": 2.5,
        "opacity.low_hu": -950.0,
        "opacity.high_hu": -700.0,
        "smooth": True,
    }
    assert {one.path[0] for one in settings_fields(Outer(), parts=frozenset({"smooth"}))} == {"smooth"}


def test_a_value_is_put_in_where_its_path_says() -> None:
    assert with_setting(Outer(), ("opacity", "threshold_sigma"), 3.0) == Outer(opacity=Inner(threshold_sigma=3.0))


def test_values_that_are_allowed_only_together_are_put_in_together() -> None:
    given = {("opacity", "low_hu"): -600.0, ("opacity", "high_hu"): -500.0}
    assert with_settings(Outer(), given).opacity == Inner(low_hu=-600.0, high_hu=-500.0)
