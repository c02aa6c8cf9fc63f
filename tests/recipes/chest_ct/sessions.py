"""Corrections of one scan under way."""

from __future__ import annotations

from ctreview.change import Timepoint
from ctreview.edits import Edit, Session
from ctreview.recipes.chest_ct.corrections import tools_of

__all__ = ["opened_session"]


def opened_session(point: Timepoint, journal: list[Edit]) -> Session:
    """A session on the opacity of a scan, as a journal leaves it; further acts are added to the journal."""
    opened = Session(
        point.opacity,
        target="opacity",
        image=point.volume.digest,
        handlers=tools_of(point),
        author="anna",
        record=journal.append,
    )
    opened.restore(list(journal))
    return opened
