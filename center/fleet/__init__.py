"""Keeps the live state of agents and cameras, from the broker and the roster."""
