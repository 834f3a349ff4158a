"""Simulated GB/T 28181 devices: many in one process, with faults by name, written without a line of the platform."""
