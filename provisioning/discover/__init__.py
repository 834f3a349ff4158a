"""Finds cameras in a network by WS-Discovery and RTSP, and proposes a camera list of them."""
