"""Mosquitto's configuration, rendered, run, probed and checked."""
