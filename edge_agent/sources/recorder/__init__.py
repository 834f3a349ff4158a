"""Spans of what a site's recorders hold, as a source of frames: by RTSP with a time range, or by ONVIF Profile G."""
