"""Acceptance of the whole system: judges each row of a contract by a measurement or a dated report, and records it."""
