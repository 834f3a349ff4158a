"""Delivers frames from cameras, recordings and devices that push: one folder a kind of source."""
