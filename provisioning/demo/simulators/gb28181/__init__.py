"""Simulates GB/T 28181 devices: many in one process, with faults by name, sharing no code with the platform."""
