"""The semi-automatic tools on the panes.

A `Corrector` turns what the mouse does over the panes into acts of the core's tools; `ToolBox` is its row of buttons
and fields; `shortcuts.KEYS` its keyboard map.
"""

from napari_ctreview.correcting.corrector import Corrector
from napari_ctreview.correcting.label_editor import LabelEditor
from napari_ctreview.correcting.toolbox import ToolBox

__all__ = ["Corrector", "LabelEditor", "ToolBox"]
