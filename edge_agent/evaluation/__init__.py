"""Measures how much of what is labelled the redactor covers."""
