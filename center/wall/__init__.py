"""Gathers the figures of the situation wall; counts alone, and none of people."""
