"""Kills, cuts and full disks against real processes; at the end the books must balance: `make chaos`."""
