"""Assesses cameras, districts and the fleet: facts by the hour, formulas over them, verdicts with evidence."""
