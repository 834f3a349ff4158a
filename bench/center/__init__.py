"""Benches of the centre: alarms, API, notices, evidence, assessment, console."""
