"""Tracks the machines of one camera: heading, lines crossed, time in zones. It knows nothing of people."""

from edge_agent.tracker.tracker import Tracked, Tracker, TrackEvent, TrackEventKind

__all__ = ["TrackEvent", "TrackEventKind", "Tracked", "Tracker"]
