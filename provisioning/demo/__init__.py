"""A whole street on one machine: simulated cameras, and every real process as a subprocess."""
