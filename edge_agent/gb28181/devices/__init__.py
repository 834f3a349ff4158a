"""Registered devices: registration, catalogue, subscriptions and queries. No sockets."""
