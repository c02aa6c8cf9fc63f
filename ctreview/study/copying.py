"""Copies of what a study holds, and of nothing that lies elsewhere."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from ctreview.errors import UnreadableFile

__all__ = ["copy_tree", "require_no_link"]


def require_no_link(path: Path) -> Path:
    """Refuse what is neither a file nor a folder of the study itself.

    Raises
    ------
    UnreadableFile
        It is a link, a pipe or a device: a copy would hold a file of elsewhere, or wait for ever.
    """
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        what = "a link" if stat.S_ISLNK(mode) else "no file"
        raise UnreadableFile(f"this is {what} and is not copied", where=path, remedy="Put the file itself there.")
    return path


def copy_tree(source: Path, target: Path, *leave_out: str) -> None:
    """Copy a folder with everything in it but names of these patterns; errors are those of `require_no_link`."""
    left_out = shutil.ignore_patterns(*leave_out)

    def ignored(folder: str, names: list[str]) -> set[str]:
        without = left_out(folder, names)
        for name in names:
            if name not in without:
                require_no_link(Path(folder) / name)
        return without

    shutil.copytree(require_no_link(source), target, dirs_exist_ok=True, symlinks=True, ignore=ignored)
