"""Attacks by one captured agent, and one wrong clock, against a whole running street."""
