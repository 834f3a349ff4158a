"""Enrols the agent: its key, its request, its certificate and the renewal of it."""
