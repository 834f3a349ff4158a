"""RTSP cameras as a source of frames: keyframes decoded, the main stream kept as GOPs."""
