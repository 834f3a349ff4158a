"""Cameras of the demo: an RTSP server and GB/T 28181 devices."""
