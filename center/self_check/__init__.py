"""Checks the centre's own security: accounts, certificates, files, listeners, routes, upkeep, installed packages."""
