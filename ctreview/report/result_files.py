"""Which files of a folder are a result of ctreview, and which are somebody's own."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ctreview.errors import WrongUse
from ctreview.report.provenance import PROVENANCE_SCHEMA
from ctreview.volume.atomic import remove_leftovers

__all__ = ["keep_own_files", "list_files", "provenance_in", "require_free"]

_WRITTEN = re.compile(
    r"provenance\.json|report(\.[a-z]{2})?\.(html|pdf)|report\.[a-z]{2}\.txt|(change|measurements|agreement|regions|scores)\.(json|csv)"
    r"|(baseline|followup|fate|segmentation|timepoint-[0-9]+)\.seg\.nrrd|transform\.h5|replay\.json|accepted\.jsonl"
)
"""Every name that results have, for those of versions that did not list their files."""


def require_free(folder: Path, *, overwrite: bool = False) -> None:
    """Check that results may be written to a folder, best before time is spent on them.

    What a killed program had moved aside is put back first.

    Raises
    ------
    WrongUse
        It is a file, a link that leads nowhere, a mount point or the folder that the program runs in; it holds what
        ctreview did not write, or a result and ``overwrite`` is not given; or nothing may be written around it.
    """
    if folder.is_symlink() and not folder.exists():
        raise WrongUse("this is a link that leads nowhere", where=folder, remedy="Name another folder.")
    place = folder.resolve()
    standing = next(parent for parent in place.parents if parent.exists())
    remove_leftovers(place.parent)
    _require_place(folder, place, standing)
    if not place.exists() or not any(place.iterdir()):
        return
    if provenance_in(place).get("schema") != PROVENANCE_SCHEMA:
        raise WrongUse(
            "the folder holds files that ctreview did not write",
            where=folder,
            remedy="Name another folder; only results of ctreview are ever replaced.",
        )
    if not overwrite:
        raise WrongUse(
            "the folder already holds a result",
            where=folder,
            remedy="Name another folder, or ask for it to be overwritten.",
        )
    if taken := [name for name in _own_files(place) if _WRITTEN.fullmatch(name)]:
        raise WrongUse(
            f"{taken[0]} is called like a file of a result, and ctreview did not write it",
            where=folder,
            remedy="Move it away, or name another folder.",
        )


def _require_place(folder: Path, place: Path, standing: Path) -> None:
    """Refuse what cannot become a folder of results, whatever it holds."""
    if place.exists() and not place.is_dir():
        raise WrongUse("this is a file, and results need a folder", where=folder, remedy="Name another folder.")
    if not standing.is_dir():
        raise WrongUse("a file stands where a folder is needed", where=standing, remedy="Name another folder.")
    if Path.cwd().is_relative_to(place) or os.path.ismount(place):
        what = "a disk is mounted here" if os.path.ismount(place) else "this is the folder that the program runs in"
        raise WrongUse(
            f"{what}, so that it cannot be put in place as a whole",
            where=folder,
            remedy="Name a folder inside it that does not exist yet.",
        )
    if not os.access(standing, os.W_OK | os.X_OK):
        raise WrongUse("nothing may be written to this folder", where=standing, remedy="Name another one.")


def list_files(draft: Path) -> None:
    """Note in ``provenance.json`` of a new result which files it has, so that they are told from others later."""
    path = draft / "provenance.json"
    if path.exists():
        names = sorted(one.name for one in draft.iterdir())
        content = {**json.loads(path.read_text(encoding="utf-8")), "files": names}
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def keep_own_files(folder: Path, draft: Path) -> None:
    """Take what is not ctreview's from an earlier result into the one that comes in its place."""
    for name in _own_files(folder) if folder.exists() else ():
        _over(folder / name, draft / name)


def provenance_in(folder: Path) -> dict[str, Any]:
    """What a result's ``provenance.json`` says; nothing where there is none."""
    path = folder / "provenance.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _own_files(folder: Path) -> list[str]:
    """Names in a folder that are not of the result in it: all that is a folder or a link, and what it does not list."""
    listed = provenance_in(folder).get("files")
    written: Callable[[str], object] = listed.__contains__ if isinstance(listed, list) else _WRITTEN.fullmatch
    entries = sorted(folder.iterdir())
    return [one.name for one in entries if one.is_symlink() or one.is_dir() or not written(one.name)]


def _over(source: Path, target: Path) -> None:
    """The same file or folder under a second name; a copy where the disk knows no second names."""
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=lambda a, b: _second_name(Path(a), Path(b)))
    else:
        _second_name(source, target)


def _second_name(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)
