"""Agents and cameras as the broker and the roster tell of them, live."""
