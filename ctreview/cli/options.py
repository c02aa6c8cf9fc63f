"""Options that several commands share, written once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ctreview.recipes.chest_ct import ChestCtSettings

__all__ = [
    "AcceptDense",
    "Age",
    "AsJson",
    "Identify",
    "LimitOfChange",
    "Out",
    "Overwrite",
    "Pdf",
    "Quiet",
    "Source",
    "Threads",
    "candidate_ids",
    "chest_ct_settings",
    "with_limit_of_change",
]

Source = Annotated[
    Path,
    typer.Argument(
        help="A folder of DICOM files (nested, with other files in it), or one NIfTI, NRRD or MetaImage file.",
        show_default=False,
    ),
]
Pdf = Annotated[
    bool,
    typer.Option("--pdf", help="Also write the page as PDF, in English and in German; needs ctreview[pdf]."),
]

Out = Annotated[Path, typer.Option("--out", help="The folder to write; it must not exist yet.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no remarks on stderr.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the result that --out holds; other files stay.")]
Identify = Annotated[
    bool, typer.Option("--identify", help="Write name, id, birth date and dates into the results; left out otherwise.")
]
Age = Annotated[
    float | None,
    typer.Option(
        "--age",
        min=0,
        max=130,
        help="Age in years at the (first) scan; from the header if not given.",
        show_default=False,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="At most so many threads; results do not depend on it.", show_default=False),
]


LimitOfChange = Annotated[
    Path | None,
    typer.Option(
        "--limit-of-change",
        help="The repeatability.json of the site's own test–retest study; how large a change must be then follows from "
        "it, instead of --verdict-share-of-region, --verdict-share-of-opacity and --verdict-least-ml.",
        show_default=False,
    ),
]


AcceptDense = Annotated[
    list[str] | None,
    typer.Option(
        "--accept-dense",
        metavar="ID,ID|all",
        help="Dense areas that are taken into the lungs as what is proposed, by the ids that the summary and the JSON "
        "list, or all that are open. They are in no number otherwise; accepted.jsonl records them.",
        show_default=False,
    ),
]


def candidate_ids(accepted: list[str] | None) -> tuple[str, ...]:
    """Give the ids that were named, each once."""
    return tuple(dict.fromkeys(name for one in accepted or () for name in one.replace(",", " ").split()))


def chest_ct_settings() -> ChestCtSettings:
    """Give the standard settings; they are imported only when they are asked for."""
    from ctreview.recipes.chest_ct import ChestCtSettings

    return ChestCtSettings()


def with_limit_of_change(settings: ChestCtSettings, path: Path | None) -> ChestCtSettings:
    """The settings with a site's own limit of change, where a file of it is named."""
    if path is None:
        return settings
    from ctreview.cohort.repeatability import load_limit_of_change

    own = load_limit_of_change(path)
    limits = {name: getattr(own, name) for name in ("share_of_region", "share_of_opacity", "least_ml")}
    return replace(settings, verdict=replace(settings.verdict, **limits))
