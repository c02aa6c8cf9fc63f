"""Human input as data: a base mask and a journal of edits in, the reader's mask out.

`Edit` is one act, `Journal` the append-only file it is written to, `replay` the function that turns a mask and a
journal into the mask the reader meant, `Session` the same thing while the reader is still at work. The tools that give
edits their meaning come later on the path and are passed in as handlers.
"""

from ctreview.edits.journal import Journal
from ctreview.edits.record import REDO, UNDO, Edit, active_edits
from ctreview.edits.replay import Handler, Handlers, Patch, ReplayResult, apply, replay
from ctreview.edits.session import LabelChange, Session
from ctreview.edits.session_group import SessionGroup

__all__ = [
    "REDO",
    "UNDO",
    "Edit",
    "Handler",
    "Handlers",
    "Journal",
    "LabelChange",
    "Patch",
    "ReplayResult",
    "Session",
    "SessionGroup",
    "active_edits",
    "apply",
    "replay",
]
