"""``ctreview bids``: the results of a cohort in the layout of a BIDS derivative."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ctreview.cli.options import Out
from ctreview.cli.terminal import results

__all__ = ["bids"]


def bids(folder: Annotated[Path, typer.Argument(help="Results of `cohort`.", show_default=False)], *, out: Out) -> int:
    """Write the results of a cohort in the layout of a BIDS derivative; CT is marked as not of the standard."""
    from ctreview.cohort.bids_export import export_bids

    results().print(str(export_bids(folder, out)), markup=False, soft_wrap=True)
    return 0
