"""Runs the commands of `wayside-edge`: each module imports what its own commands need, and no more."""
