"""The assessment over a made-up fleet with planted faults."""
