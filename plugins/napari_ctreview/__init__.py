"""The workplace of ctreview in napari: two timepoints side by side, corrections in a few strokes.

Only what is graphical lives here; every number comes from the core. `layers` is the one place where a volume becomes a
layer and back, `worker` the one place where a thread is started, `panes` the linked views, `widgets` the dock in the
order of the work.
"""
