"""Telling people and machines of an alarm: one protocol, several channels, an outbox that survives a kill."""
