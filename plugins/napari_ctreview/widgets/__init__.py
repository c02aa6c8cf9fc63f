"""What is shown around the panes: the dock, its steps, and the questions it asks."""
