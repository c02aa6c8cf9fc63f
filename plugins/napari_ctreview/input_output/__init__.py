"""Scans in, segmentations out: napari's readers, writers and samples, and what is dropped on the window."""
