"""Text of a header in the character set that it names, code extensions included (PS3.3 C.12.1.1.2, PS3.5 6.1.2.5)."""

from __future__ import annotations

import re

__all__ = ["decoded_text", "without_controls"]

_CODECS = {
    "ISO_IR 6": "latin-1",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 166": "tis-620",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
_ESCAPES = {
    b"(B": "ascii",
    b"(J": "shift_jis",
    b")I": "shift_jis",
    b"-A": "latin-1",
    b"-B": "iso8859-2",
    b"-C": "iso8859-3",
    b"-D": "iso8859-4",
    b"-L": "iso8859-5",
    b"-G": "iso8859-6",
    b"-F": "iso8859-7",
    b"-H": "iso8859-8",
    b"-M": "iso8859-9",
    b"-b": "iso8859-15",
    b"-T": "tis-620",
    b"$)C": "euc_kr",
    b"$)A": "gb2312",
    b"$B": "iso2022_jp_2",
    b"$(D": "iso2022_jp_2",
}
"""What follows an escape character, and how to read on from there."""

_IMPLIED = {"ISO 2022 IR 58": "gb2312", "ISO 2022 IR 149": "euc_kr"}
"""Extensions whose escape sequence some writers leave out; their bytes are none of the default set's."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def decoded_text(raw: bytes, sets: tuple[str, ...]) -> str | None:
    """The text of an element, without padding and control characters; None where empty.

    Parameters
    ----------
    raw : bytes
        The element's value.
    sets : tuple of str
        The values of SpecificCharacterSet; the first holds until an escape sequence names another one.
    """
    first = (sets[0] if sets else "").replace("ISO 2022 IR", "ISO_IR")
    codec = _CODECS.get(first, "latin-1")
    if first in ("", "ISO_IR 6"):
        codec = next((_IMPLIED[name] for name in sets if name in _IMPLIED), codec)
    if b"\x1b" in raw:
        head, *rest = raw.split(b"\x1b")
        text = head.decode(codec, "replace") + "".join(_after_escape(part, codec) for part in rest)
    else:
        text = raw.decode(codec, "replace")
    return without_controls(text).strip() or None


def _after_escape(part: bytes, codec: str) -> str:
    for escape, named in _ESCAPES.items():
        if part.startswith(escape):
            if named == "iso2022_jp_2":
                return (b"\x1b" + part).decode(named, "replace")
            return part[len(escape) :].decode(codec if named == "ascii" else named, "replace")
    return part.decode(codec, "replace")


def without_controls(text: str) -> str:
    """A text that moves no cursor: without control characters, which a terminal obeys."""
    return text if text.isprintable() else _CONTROLS.sub("", text)
