"""Registers this centre with superior platforms (GB/T 28181) and tells them the cameras it names and their states."""
