"""Bounds and proofs of network peers: HTTP connections, message rates, digest access authentication."""
