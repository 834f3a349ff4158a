"""Draws the page of the search, with its filters, its map and its plan."""
