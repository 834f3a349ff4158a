"""Sends covered pictures and their machines to superior platforms by GA/T 1400 (视图库级联)."""
