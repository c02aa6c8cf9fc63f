"""Elements of SVG as text that is escaped."""

from __future__ import annotations

from markupsafe import Markup, escape

__all__ = ["element", "group", "text"]

Attribute = str | float | int


def element(tag: str, *children: str, **attributes: Attribute) -> Markup:
    """One element.

    Names of attributes are written with ``_`` for ``-`` and may end with one (``class_``); numbers get two decimals.
    Children that are no markup are escaped.
    """
    written = "".join(f' {_name(name)}="{escape(_value(value))}"' for name, value in attributes.items())
    inside = "".join(escape(child) for child in children)
    return Markup(f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>")  # noqa: S704 - escaped above


def group(*children: str, **attributes: Attribute) -> Markup:
    """A ``g``."""
    return element("g", *children, **attributes)


def text(x: float, y: float, words: str, **attributes: Attribute) -> Markup:
    """A line of text that begins at a place."""
    return element("text", words, x=x, y=y, **attributes)


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-") if name != "viewBox" else name


def _value(value: Attribute) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
