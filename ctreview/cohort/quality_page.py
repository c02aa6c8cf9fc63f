"""The quality page: a tile for each case of a cohort, with what a reader needs to accept or reject it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ctreview.cohort.collect import FoundCase
from ctreview.cohort.folder import CohortFolder
from ctreview.cohort.quality_log import QualityLog, shown_twice
from ctreview.cohort.quality_plots import plots_of

__all__ = ["QualityPage", "quality_page", "render_quality_page"]


@dataclass(frozen=True)
class QualityPage:
    """How the page is shown.

    Attributes
    ----------
    reader : str
        Who decides.
    blinded : bool
        Whether treatment, dates, order of the scans, numbers and verdicts are kept back.
    twice : float
        Share of the cases that are shown a second time, at the end.
    seed : int
        Of what is drawn: which are shown twice, and which scan stands left where the order is kept back.
    decides : bool
        Whether the page can take decisions: only where it is served.
    """

    reader: str
    blinded: bool = False
    twice: float = 0.0
    seed: int = 1
    decides: bool = False


def quality_page(folder: CohortFolder, page: QualityPage) -> dict[str, Any]:
    """What the page shows, ready for JSON.

    Parameters
    ----------
    folder : CohortFolder
    page : QualityPage

    Returns
    -------
    dict
        ``tiles``, one for each case and one more for each that is shown twice; ``plots``, none where blinded.
    """
    _, found = folder.results()
    standing = QualityLog(folder.path).standing()
    again = shown_twice([one.case.name for one in found if one.change is not None], page.twice, page.seed)
    shown = [*((one, 1) for one in found), *((one, 2) for one in found if one.case.name in again)]
    if page.blinded:  # else the place would tell the timepoints, and which are shown again
        shown.sort(key=lambda pair: hashlib.sha256(f"{page.seed} {pair[0].case.name} {pair[1]}".encode()).digest())
    tiles = []
    for one, reading in shown:
        tile = _tile(one, folder.picture_of(one.case), page)
        last = standing.get((one.case.name, page.reader, reading, page.blinded))
        current = last is not None and last.key == tile["key"]
        tile |= {
            "case": _pseudonym(f"{one.case.name} {reading}", page.seed) if page.blinded else one.case.name,
            "reading": reading,
            "decision": last.decision if last and current else "open",
            "comment": last.comment if last and current else "",
            "earlier": bool(last) and not current,
        }
        tiles.append(tile)
    plots = [] if page.blinded else plots_of(found)
    return {"reader": page.reader, "blinded": page.blinded, "decides": page.decides, "tiles": tiles, "plots": plots}


def _tile(found: FoundCase, picture: Mapping[str, Any] | None, page: QualityPage) -> dict[str, Any]:
    case, document = found.case, found.document or {}
    sides = [picture[when] for when in ("baseline", "followup")] if picture else []
    swapped = page.blinded and _at_random(f"{page.seed} {case.name}")
    tile: dict[str, Any] = {
        "name": case.name,
        "key": document.get("key", ""),
        "sides": sides[::-1] if swapped else sides,
        "checks": _checks(found),
        "candidates": len([one for one in (found.change or {}).get("candidates", ()) if one["state"] == "open"]),
        "reason": found.reason or "",
        "status": "failed" if found.reason else "missing" if found.change is None else "done",
        "verdict": "",
        "facts": [],
        "change": None,
        "command": "",
    }
    if page.blinded:
        for side in tile["sides"]:
            side["place"] = ""
        return {**tile, "reason": "there is no result" if found.reason else ""}  # a reason may hold a path
    return {**tile, **_known(found)}


def _known(found: FoundCase) -> dict[str, Any]:
    """What a reader who is not blinded sees besides."""
    case = found.case
    facts = [f"{name}: {value}" for name, value in case.followup.covariates.items() if value]
    paths = shlex.join([str(case.baseline.path), str(case.followup.path)])
    told = {"command": f'napari --plugin ctreview {paths} -w ctreview "Review two timepoints"', "facts": facts}
    if found.change is None:
        return {**told, "verdict": "failed" if found.reason else "missing"}
    whole = found.change["regions"][0]
    change = whole["change"]["opacity_ml"]
    numbers = f"{change['value']:+.0f} mL ({change['low']:+.0f} to {change['high']:+.0f})".replace("-", "−")
    days = found.change["interval_days"]
    facts = [numbers, f"{case.baseline.timepoint} → {case.followup.timepoint}", *facts]
    facts += [f"{days} days"] if days is not None else []
    return {**told, "facts": facts, "verdict": whole["verdict"], "change": change["value"]}


def _checks(found: FoundCase) -> list[dict[str, str]]:
    """The failed checks, those that stop first; each message once."""
    order = ("stops", "widens", "tells")
    failed = [one for one in (found.change or {}).get("checks", ()) if not one["ok"]]
    failed.sort(key=lambda one: order.index(one["effect"]))
    return [{"name": one["name"], "effect": one["effect"], "message": one["message"]} for one in failed]


def _at_random(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def _pseudonym(name: str, seed: int) -> str:
    """What a case is called where its name would tell the timepoints."""
    return "case " + hashlib.sha256(f"{seed} {name}".encode()).hexdigest()[:6]


def render_quality_page(content: Mapping[str, Any]) -> str:
    """The page as HTML with everything in it; it asks no server for anything but to take decisions."""
    folder = files("ctreview.cohort") / "templates"

    def load(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = (Markup(load(f"quality.{end}")) for end in ("css", "js"))  # noqa: S704 - ours, from the package
    return environment.get_template("quality.html.j2").render(content=content, style=style, script=script)
