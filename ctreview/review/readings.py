"""Which reading, or which journal, a path stands for."""

from __future__ import annotations

from pathlib import Path

from ctreview.edits import Journal
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.study import Reading, Study

__all__ = ["find_reading", "open_journal", "open_reading"]


def open_journal(source: Path | str) -> Journal:
    """The journal that a path stands for: a file, the folder of a reading, or a study with one reader.

    Raises
    ------
    UnreadableFile
        There is none.
    InputRefused
        It is that of a signed reading which was changed afterwards.
    WrongUse
        Several readers' journals lie there.
    """
    path = Path(source)
    folder = path if path.is_dir() else path.absolute().parent
    reading = open_reading(folder)[1] if path.is_dir() or (folder / "signed.json").exists() else None
    journal = Journal(path) if reading is None or not path.is_dir() else reading.journal
    if not journal.path.is_file():
        raise UnreadableFile("there is no journal", where=journal.path)
    if reading is not None:
        reading.signature()
    return journal


def open_reading(folder: Path | str, reader: str | None = None) -> tuple[Study, Reading]:
    """The study and the reading that a folder stands for: a study's folder, or that of one reading in it.

    Raises
    ------
    UnreadableFile
        The folder is neither.
    WrongUse
        See `find_reading`.
    """
    folder = Path(folder).absolute()
    above = folder.parent.parent
    if folder.parent.name == "readers" and not (folder / "study.json").exists() and (above / "study.json").exists():
        study = Study.open(above)
        found = [reading for reading in study.readings if reading.folder.name == folder.name]
        return study, found[0] if found else find_reading(study, folder.name)
    study = Study.open(folder)
    return study, find_reading(study, reader)


def find_reading(study: Study, name: str | None = None) -> Reading:
    """The latest reading of a reader, or one by name and version as in ``"anna.1"``; without a name, the only reader's.

    Raises
    ------
    WrongUse
        There is no such reading, or several readers and none was named.
    """
    readings = study.readings
    names = sorted({reading.reader for reading in readings})
    known = f"Readers here: {', '.join(names)}." if names else "Nobody has read this study yet."
    if name is None:
        if len(names) != 1:
            raise WrongUse(f"the study has {len(names)} readers, and one is needed", where=study.folder, remedy=known)
        name = names[0]
    found = [reading for reading in readings if reading.reader == name]
    found = found or [reading for reading in readings if f"{reading.reader}.{reading.version}" == name]
    if not found:
        raise WrongUse(f"no reader is called {name!r}", where=study.folder, remedy=known)
    return found[-1]
