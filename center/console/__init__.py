"""Draws the console: NiceGUI pages, one page a file."""
