"""Options that several commands share, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Age", "AsJson", "Identify", "Out", "Overwrite", "Quiet", "Source", "Threads", "open_folder"]

Source = Annotated[
    Path,
    typer.Argument(
        help="A folder of DICOM files (nested, with other files in it), or one NIfTI, NRRD or MetaImage file.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option("--out", help="The folder to write; it must not exist yet.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no remarks on stderr.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the results that --out already holds.")]
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
    typer.Option(
        "--threads", min=1, help="How many threads to use; one for each core if not given.", show_default=False
    ),
]


def open_folder(folder: Path, *, overwrite: bool) -> Path:
    """Check that results may be written to a folder, before any time is spent on them.

    Raises
    ------
    WrongUse
        It is a file; it holds something and ``overwrite`` is not given; it holds something that is no result of
        ctreview; or it may not be written.
    """
    import os

    from ctreview.errors import WrongUse

    if folder.exists() and not folder.is_dir():
        raise WrongUse("there is a file of this name", where=folder, remedy="Name a folder with --out.")
    held = list(folder.iterdir()) if folder.is_dir() else []
    if held and not overwrite:
        raise WrongUse("the folder already holds something", where=folder, remedy="Name another, or add --overwrite.")
    if held and not (folder / "provenance.json").is_file() and not (folder / "measurements.json").is_file():
        raise WrongUse(
            "the folder holds something that ctreview did not write, and is not replaced",
            where=folder,
            remedy="Name another folder with --out.",
        )
    standing = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    if not os.access(standing, os.W_OK):
        raise WrongUse("this folder may not be written", where=standing, remedy="Name another with --out.")
    return folder
