"""Human input as data: a base mask and a journal of edits in, the reader's mask out.

`Edit` is one act, `Journal` the append-only file it is written to, `replay` the function that turns a mask and a
journal into the mask the reader meant, `Session` the same thing while the reader is still at work. The tools that give
edits their meaning come later on the path and are handed in as handlers.
"""

from ctreview.edits.journal import Journal
from ctreview.edits.record import REDO, UNDO, Edit, in_force
from ctreview.edits.replay import EditDoesNotApply, Handler, Patch, Replayed, apply, replay
from ctreview.edits.session import Change, Session
from ctreview.edits.several import Several

__all__ = [
    "REDO",
    "UNDO",
    "Change",
    "Edit",
    "EditDoesNotApply",
    "Handler",
    "Journal",
    "Patch",
    "Replayed",
    "Session",
    "Several",
    "apply",
    "in_force",
    "replay",
]
