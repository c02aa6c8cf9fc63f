"""Which engines are installed. One that is broken is listed with the reason and disturbs no other."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from ctreview.errors import WrongUse
from ctreview.models.segmenter import STRUCTURES, Segmenter

__all__ = ["ENTRY_POINT", "UnusableSegmenter", "find_segmenter", "find_segmenters"]

ENTRY_POINT = "ctreview.segmenters"


@dataclass(frozen=True)
class UnusableSegmenter:
    """An entry point that gives no engine.

    Attributes
    ----------
    name : str
        Of the entry point.
    reason : str
        Why, as a clause.
    """

    name: str
    reason: str


def find_segmenters() -> tuple[Segmenter | UnusableSegmenter, ...]:
    """Every engine that is installed, by name."""
    points = {point.name: point for point in entry_points(group=ENTRY_POINT)}
    return tuple(_loaded(points[name]) for name in sorted(points))


def find_segmenter(name: str) -> Segmenter:
    """The engine of a name.

    Raises
    ------
    WrongUse
        None is called so, or it cannot be loaded.
    """
    found = {engine.name: engine for engine in find_segmenters()}
    engine = found.get(name)
    if engine is None:
        known = ", ".join(found) or "none"
        raise WrongUse(
            f"no segmentation engine is called {name!r}",
            remedy=f"Installed: {known}. `ctreview models` says what each needs.",
        )
    if isinstance(engine, UnusableSegmenter):
        raise WrongUse(f"the segmentation engine {name} cannot be loaded: {engine.reason}", remedy="Install it again.")
    return engine


def _loaded(point: EntryPoint) -> Segmenter | UnusableSegmenter:
    try:
        engine = point.load()()
    except Exception as error:  # a third party's code may fail in any way, and the others must still be listed
        return UnusableSegmenter(point.name, f"{type(error).__name__} while it was loaded")
    if not isinstance(engine, Segmenter) or not set(engine.structures) <= set(STRUCTURES):
        return UnusableSegmenter(point.name, "it is no segmenter of this version of ctreview")
    return engine if engine.name == point.name else UnusableSegmenter(point.name, f"it calls itself {engine.name!r}")
