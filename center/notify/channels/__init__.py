"""Channels that carry a notice: webhook, mail and SMS."""
