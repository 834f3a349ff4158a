"""Reads the time that a camera writes into its picture, and nothing else, at the edge, before covering.

What leaves is a `datetime` or None. The recogniser's file has no output but for the signs of dates and times, it sees
lines of text in the outer bands alone, and a line with any other sign gives nothing (docs/boundary.md).
"""
