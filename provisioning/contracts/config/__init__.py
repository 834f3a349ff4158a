"""Configuration files of all processes."""
