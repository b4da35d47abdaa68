"""What is kept of what happened, for how long, and whether it is still what it was."""
