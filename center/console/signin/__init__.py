"""Draws the pages before a session: log-in, identity provider, set-up."""
