"""Tracks the machines of one camera: heading, lines crossed, time in zones. It knows nothing of people."""

from edge_agent.tracker.tracker import Event, Tracked, Tracker, What

__all__ = ["Event", "Tracked", "Tracker", "What"]
