"""Configuration from the centre: signed documents, their store, and the trial before one is kept."""
