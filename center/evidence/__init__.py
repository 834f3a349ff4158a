"""Exports evidence: chosen observations as one signed, time-stamped ZIP that openssl can check without the centre."""
