"""State of each camera: its cause, its counts, the skew of its clock, and pauses."""
