"""An open reading: what was loaded and found, what the reader did with it, and where it is kept."""
