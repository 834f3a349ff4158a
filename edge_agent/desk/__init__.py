"""A desk agent's door for recordings, and `wayside-edge ingest`, which brings them there."""
