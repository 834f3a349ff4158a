"""Streams and recordings of GB/T 28181 devices as a source of frames."""
