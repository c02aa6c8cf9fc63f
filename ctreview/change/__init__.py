"""Two sets of labels and a transform to a comparison: volumes, fate, intervals, verdicts."""
