"""Commands of `wayside-provision`, one module for each group."""
