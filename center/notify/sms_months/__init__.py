"""Accounts for the SMS of a month: own counts, the carrier's file beside them, cost, complaints and suspension."""
