"""Media sessions with a device: INVITE, dialogs and the control of a playback. No sockets."""
