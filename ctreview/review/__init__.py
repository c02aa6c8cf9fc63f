"""A reader's work on top of a pipeline: what is open, what is stored, corrections, replay, agreement of two readers."""
