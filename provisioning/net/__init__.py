"""Accepts HTTP connections within bounds."""
