"""Requests and rows of the archive, between cluster and centre."""
