"""Detectors: tiles, preprocessing, the heads of each family, and postprocessing."""
