"""Draws the situation wall: plain pages for a screen that others see, without controls."""
