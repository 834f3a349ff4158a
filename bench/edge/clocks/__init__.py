"""Clocks of a fleet that are wrong by up to 30 s, and the verdicts on them."""
