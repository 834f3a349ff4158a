"""`wayside-edge check` and `doctor`: probes of cameras, broker, identity, settings and machine."""
