"""The steps in order, readable from top to bottom."""
