"""The lung's physics: mass, inspiration, histogram."""
