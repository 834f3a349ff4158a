"""Draws the pages of cases."""
