"""`wayside-edge redact`: picture and video files instead of cameras, and how much of labelled ones is covered."""
