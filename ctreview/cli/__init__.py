"""The command line: one file per command, and each of them parses, makes one call, and prints.

Results go to stdout, everything else to stderr, so that ``--json`` can be piped. Exit codes:

====  ==================================================================================
0     done
1     a fault of ctreview itself, or something it needs is not installed (``doctor``)
2     wrong use: an option or argument that makes no sense, several series and none chosen
3     the input was refused: what was found, where, and the remedy stand on stderr
4     done, but the result may not be interpreted: the checks say why
130   stopped with Ctrl-C (143: asked to end); nothing half made is left
====  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``ctreview``; that of the running process if not given.
    """
    from ctreview.cli.running import run

    if arguments is None:
        from ctreview.allocation import return_freed_memory

        return_freed_memory()
    return run(arguments)
