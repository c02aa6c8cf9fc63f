"""What the window remembers from one start to the next: how things stand, and where the last studies lie."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path
from qtpy.QtCore import QSettings

__all__ = ["folder", "recall", "recent_studies", "remember", "remember_study"]


_MOST_STUDIES = 6


def folder() -> Path:
    """Where it lies; the reader may edit or remove what is in it."""
    return user_config_path("ctreview")


def recall(name: str, default: str = "") -> str:
    """What was remembered under a name such as ``"layout/CT"``, or the default."""
    return str(_stored().value(name, default))


def remember(name: str, value: str) -> None:
    """Remember a value under a name."""
    stored = _stored()
    stored.setValue(name, value)
    stored.sync()


def recent_studies() -> tuple[Path, ...]:
    """The folders of the studies that were open last and are still there, the latest first."""
    known = [Path(line) for line in recall("studies").splitlines() if line]
    return tuple(path for path in known if (path / "study.json").exists())


def remember_study(path: Path) -> None:
    """Let a study be the latest."""
    others = [known for known in recent_studies() if known != path.absolute()]
    remember("studies", "\n".join(map(str, [path.absolute(), *others][:_MOST_STUDIES])))


def _stored() -> QSettings:
    return QSettings(str(folder() / "window.ini"), QSettings.Format.IniFormat)
