"""``ctreview qc``: look at every case of a cohort, accept or reject it."""

from __future__ import annotations

import getpass
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from ctreview.cli.terminal import remark, results

__all__ = ["qc"]


def qc(
    folder: Annotated[Path, typer.Argument(help="Results of `cohort`.", show_default=False)],
    *,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Who decides; the name of the account if not given.")
    ] = None,
    blinded: Annotated[
        bool,
        typer.Option(
            "--blinded",
            help="Keep back treatment, dates, order of the scans, numbers and verdicts; cases are shuffled.",
        ),
    ] = False,
    unblind: Annotated[
        bool,
        typer.Option("--unblind", help="Freeze what was decided blinded, then show all. This cannot be taken back."),
    ] = False,
    twice: Annotated[
        float, typer.Option("--twice", min=0, max=1, help="Share of the cases that are shown a second time.")
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the order, and of which cases are shown twice.")] = 1,
    file: Annotated[
        bool, typer.Option("--file", help="Write the page as quality.html, to be read without a server, and stop.")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Of the page; any free one if 0.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> int:
    """Show a tile for each case with its picture and checks, and take decisions: accept, reject, comment.

    The page is served on this machine alone, to the first who opens it with its one-time token, until Ctrl-C. Decisions
    are kept in quality/ at once, and exclusions.csv is written at the end.
    """
    from ctreview.cohort.folder import CohortFolder
    from ctreview.cohort.quality_log import QualityLog
    from ctreview.cohort.quality_page import QualityPage, quality_page, render_quality_page
    from ctreview.cohort.quality_server import QualityServer
    from ctreview.errors import WrongUse

    if blinded and unblind:
        raise WrongUse("a page is blinded or it is not", remedy="Give one of --blinded and --unblind.")
    cohort, log = CohortFolder(folder), QualityLog(folder)
    log.require_as_frozen()
    if unblind:
        log.freeze()
    if log.waits_for_unblinding and not blinded:
        raise WrongUse(
            "cases were decided blinded, and the blind was not lifted",
            where=folder,
            remedy="Go on with --blinded, or freeze these decisions and lift the blind with --unblind.",
        )
    page = QualityPage(reader or getpass.getuser(), blinded, twice, seed, decides=not file)
    content = quality_page(cohort, page)
    if file:
        target = folder / "quality.html"
        target.write_text(render_quality_page(content), encoding="utf-8")
        results().print(str(target), markup=False, soft_wrap=True)
        return 0
    with QualityServer(content, log, port=port) as server:
        results().print(server.url, markup=False, soft_wrap=True)
        remark("Open it once; Ctrl-C ends.")
        if browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            remark("")
    cohort.write_tables()
    same, both = log.self_agreement(page.reader)
    if both:
        remark(f"Of {both} cases that were shown twice, {same} were decided alike.")
    return 0
