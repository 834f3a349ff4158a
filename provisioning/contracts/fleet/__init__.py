"""Signed documents, enrolment, roll-outs and orders, between home, centre and agents."""
