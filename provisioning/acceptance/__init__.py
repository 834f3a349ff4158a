"""Acceptance of a site: judges a survey, and writes the record as PDF."""
