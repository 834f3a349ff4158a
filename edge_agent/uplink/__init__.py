"""Publishes snapshots and heartbeats over MQTT, with a bounded window in flight."""
