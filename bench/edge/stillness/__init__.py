"""What `redactor.still_s` saves and what it misses, beside the same snapshots searched whole."""
