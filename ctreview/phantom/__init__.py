"""Bodies with known answers."""
