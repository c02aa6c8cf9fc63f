"""``ctreview models``: which segmentation engines of third parties can be used, and what the others lack."""

from __future__ import annotations

from typing import Any

from ctreview.cli.options import AsJson
from ctreview.cli.terminal import print_json, results

__all__ = ["models"]


def models(*, as_json: AsJson = False) -> int:
    """List the engines of third parties: what each finds, its licence, and what is missing.

    Nothing is fetched. Packages and weights are yours to install; the line says how.
    """
    entries = [_entry(engine) for engine in _installed()]
    if as_json:
        print_json({"schema": "ctreview.models/1", "engines": entries})
        return 0
    console = results()
    for entry in entries:
        console.print(f"{entry['name']}: {entry['licence']}", highlight=False)
        for structure in entry["structures"]:
            console.print(f"  {structure['structure']:6} {_state(structure)}", highlight=False)
    if not entries:
        console.print("None is installed.")
    return 0


def _state(structure: dict[str, Any]) -> str:
    if structure["ready"]:
        return f"ready (version {structure['version']})"
    return f"not ready: {structure['missing']}. {structure['remedy']}"


def _installed() -> tuple[Any, ...]:
    from ctreview.models import find_segmenters

    return find_segmenters()


def _entry(engine: Any) -> dict[str, Any]:
    from ctreview.models import UnusableSegmenter

    if isinstance(engine, UnusableSegmenter):
        return {"name": engine.name, "licence": f"cannot be loaded: {engine.reason}", "structures": []}
    states = {structure: engine.readiness(structure) for structure in engine.structures}
    return {
        "name": engine.name,
        "licence": engine.licence,
        "structures": [
            {
                "structure": structure,
                "ready": state.ready,
                "version": state.version,
                "missing": state.missing or None,
                "remedy": state.remedy or None,
            }
            for structure, state in states.items()
        ],
    }
