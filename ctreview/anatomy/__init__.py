"""Volume to lungs, airways, vessels and the regions that are counted."""
