"""Parses pictures: detectors, colours, embeddings, and the canary that looks for uncovered faces."""
