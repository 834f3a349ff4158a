"""Computes the cores, cards and disks that a county needs."""
