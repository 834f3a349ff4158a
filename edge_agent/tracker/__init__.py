"""Which way machines of one camera go, what they cross and how long they stay; of people it knows nothing."""

from edge_agent.tracker.tracker import Event, Tracked, Tracker, What

__all__ = ["Event", "Tracked", "Tracker", "What"]
