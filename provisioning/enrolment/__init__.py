"""Enrols agents: bundles that technicians carry, and the HTTPS service that boxes connect to."""
