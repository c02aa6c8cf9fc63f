"""Keys and mouse buttons as the reader has set them, in a small file beside what the window remembers.

``keys.json`` holds two tables: ``{"keys": {"B": "Ctrl+B"}, "mouse": {"right": "zoom"}}``. Keys are named by what the
guide calls them; an empty text takes a key away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_ctreview import preferences

__all__ = ["FILE", "InputSettings", "conflicts", "input_settings"]

FILE = "keys.json"


@dataclass(frozen=True)
class InputSettings:
    """What the reader has changed.

    Attributes
    ----------
    keys : mapping of str to str
        Other keys, by the usual ones.
    mouse : mapping of str to str
        What drags do, by the button.
    complaint : str
        Why the file could not be used, or an empty text.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    mouse: Mapping[str, str] = field(default_factory=dict)
    complaint: str = ""

    def key(self, usual: str) -> str:
        """The key that does what this one usually does."""
        return self.keys.get(usual, usual)


def input_settings() -> InputSettings:
    """What the reader's file says; as it is usual where there is none or it cannot be used."""
    path = preferences.folder() / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return InputSettings()
    except (OSError, ValueError) as wrong:
        return InputSettings(complaint=f"{FILE} is not used, since it cannot be read: {wrong}")
    tables = [_texts(found.get(name, {})) if isinstance(found, dict) else None for name in ("keys", "mouse")]
    if tables[0] is None or tables[1] is None:
        return InputSettings(complaint=f"{FILE} is not used: it needs tables of texts, “keys” and “mouse”")
    return InputSettings(tables[0], tables[1])


def conflicts(usual: Iterable[str], settings: InputSettings) -> tuple[str, ...]:
    """What is wrong with the reader's keys, a sentence each.

    Parameters
    ----------
    usual : iterable of str
        Every key there is.
    settings : InputSettings
    """
    known = list(dict.fromkeys(usual))
    said = [settings.complaint] if settings.complaint else []
    said += [f"“{key}” in {FILE} is no key of the reading" for key in settings.keys if key not in known]
    users: dict[str, list[str]] = {}
    for key in known:
        users.setdefault(settings.key(key), []).append(key)
    for key, several in users.items():
        if key and len(several) > 1:
            said.append(f"{FILE} gives “{key}” to several: what is usually {' and '.join(several)}")
    return tuple(said)


def _texts(table: Any) -> dict[str, str] | None:
    """A table of texts, or None where it is something else."""
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        return None
    return {str(key): value for key, value in table.items()}
