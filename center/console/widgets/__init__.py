"""Draws the elements that several pages share: tables, maps, pictures, charts."""
