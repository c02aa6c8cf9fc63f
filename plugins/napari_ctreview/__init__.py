"""The workplace of ctreview in napari: two timepoints side by side, linked by anatomy.

Only what is graphical lives here; every number comes from the core. `layers` is the one place where a volume becomes a
layer and back, `panes` the linked views. `Panes` is used from a script or the console; a dock is still to come.
"""
