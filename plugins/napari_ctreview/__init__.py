"""ctreview in napari: two timepoints side by side, linked by anatomy.

Only what is graphical lives here; every number comes from the core. `widgets.dock.ReviewDock` is what the reader opens;
`panes.Panes`, the linked views, also serves from a script or the console.
"""
