"""Notifies people and machines of alarms: one protocol, several channels, an outbox that survives a kill."""
