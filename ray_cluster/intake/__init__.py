"""Takes snapshots from the broker, calls the stages, and acknowledges what is archived."""
