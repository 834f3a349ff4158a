"""Draws the pages of the whole centre: overview, pipeline, assessment, tasks, settings."""
