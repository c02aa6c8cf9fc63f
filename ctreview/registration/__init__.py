"""Two volumes and their masks to a transform and its quality."""
