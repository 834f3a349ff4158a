"""Evidence that stands: chosen observations as one signed, time-stamped ZIP that openssl can check without us."""
