"""The views of the scans: linked panes on napari's canvases, what is written and measured on them, and their keys."""
