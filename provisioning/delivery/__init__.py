"""Delivers signed documents to agents over MQTT, and hears their heartbeats."""
