"""A county's day, faster than real: `python -m bench.county`."""
