"""Semi-automatic tools that know no organ: a canvas and a reader's gesture in, the changed box of labels out.

Every tool is a function of a `Canvas` and of plain values, so that a gesture in a window, a line of a journal and a
call in a script are the same thing; `handlers` gives `edits.replay` one of each.
"""

from ctreview.tools.brush import BrushSettings, brush
from ctreview.tools.canvas import Canvas
from ctreview.tools.carry import carry
from ctreview.tools.decide import decide
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.fill_between import fill_between
from ctreview.tools.fill_by_image import DrawnLabel, FillByImageSettings, fill_by_image
from ctreview.tools.handlers import handlers
from ctreview.tools.islands import keep_largest, keep_piece, remove_small
from ctreview.tools.kinds import TOOLS
from ctreview.tools.live_wire import LiveWireSettings, lasso, live_wire, wire
from ctreview.tools.organ_brush import DensityClass, nearest_part, organ_brush
from ctreview.tools.outline import move_outline, smooth_outline
from ctreview.tools.payload_reading import with_defaults
from ctreview.tools.pick import Gate, PickSettings, learn_gate, piece_at, remove_piece, take_piece
from ctreview.tools.scribble import Proposal, ScribbleSettings, Stroke, propose, scribble

__all__ = [
    "TOOLS",
    "BrushSettings",
    "Canvas",
    "DensityClass",
    "DrawnLabel",
    "FeatureMemory",
    "FillByImageSettings",
    "Gate",
    "LiveWireSettings",
    "PickSettings",
    "Proposal",
    "ScribbleSettings",
    "Stroke",
    "brush",
    "carry",
    "decide",
    "fill_between",
    "fill_by_image",
    "handlers",
    "keep_largest",
    "keep_piece",
    "lasso",
    "learn_gate",
    "live_wire",
    "move_outline",
    "nearest_part",
    "organ_brush",
    "piece_at",
    "propose",
    "remove_piece",
    "remove_small",
    "scribble",
    "smooth_outline",
    "take_piece",
    "wire",
    "with_defaults",
]
