"""What the script of the viewer is given: reduced scans, how they are linked, and its words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ctreview.change.fate import FATE_SCHEME, fate_words
from ctreview.report.languages.wording import Wording
from ctreview.report.reduced import CANDIDATE_MARK, GREY_BITS, ReducedScan
from ctreview.volume.labels import Scheme

__all__ = ["DASHES", "viewer_json"]

DASHES = {
    "candidate": (8, 6),
    "dependent_opacity": (3, 4),
    "resolved": (8, 5),
    "improved": (10, 4, 2, 4),
}
"""Of lines in the viewer, in pixels of its canvas, so that kinds differ without colour."""


def viewer_json(
    scans: Sequence[ReducedScan],
    links: Sequence[Mapping[str, Any] | None],
    scheme: Scheme,
    wording: Wording,
    *,
    start: Sequence[float] | None,
) -> Markup:
    """Give JSON that ends no element.

    Parameters
    ----------
    scans : sequence of ReducedScan
    links : sequence of mapping or None
        How a point of the first scan is carried to each (`ctreview.report.reduced.displacements`); None for the first,
        and where the two could not be registered.
    scheme : Scheme
        Of the opacity.
    wording : Wording
    start : sequence of float or None
        Where the cross of the last scan stands at first, LPS millimetres.
    """
    classes = {label.value: (label.key, label.called(wording.code), label.line) for label in scheme}
    classes[CANDIDATE_MARK] = ("candidate", wording.text("to confirm"), "#46ebb4")
    fates = {one.value: (one.key, fate_words(one.key, scheme, wording.code), one.line) for one in FATE_SCHEME}
    told = {
        "scans": [scan.to_dict() for scan in scans],
        "links": list(links),
        "shade": round(255.0 / (2**GREY_BITS - 1), 3),
        "letters": [[*map(wording.text, letters)] for letters in ("RLAP", "RLHF", "APHF")],
        "classes": _lines(classes),
        "fates": _lines(fates),
        "places": [[wording.region(name) for name in scan.names] for scan in scans],
        "start": start,
    }
    text = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - no character of it can end the element


def _lines(kinds: Mapping[int, tuple[str, str, str]]) -> dict[int, dict[str, Any]]:
    return {
        value: {"name": name, "colour": colour, "dash": DASHES.get(key, ())}
        for value, (key, name, colour) in kinds.items()
    }
