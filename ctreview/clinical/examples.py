"""Timelines that come with ctreview: a template to fill in, and the published case."""

from __future__ import annotations

from importlib.resources import as_file, files

from ctreview.clinical.timeline import ClinicalTimeline
from ctreview.clinical.timeline_table import read_timeline

__all__ = ["index_case", "template"]


def template() -> str:
    """A timeline as CSV with one row of each kind, to be overwritten; its values are invented."""
    return (files("ctreview.clinical") / "template.csv").read_text(encoding="utf-8")


def index_case() -> ClinicalTimeline:
    """The published case of a four-year-old with MDA5-positive juvenile dermatomyositis.

    Its values are those that the report gives in words, and each is marked ``published``. What it does not say is
    unknown here: most blood values have no date, and of the two scores and the interferon score no course is drawn.
    """
    with as_file(files("ctreview.clinical") / "index_case.csv") as path:
        return read_timeline(path)
