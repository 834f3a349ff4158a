"""GB/T 28181, the platform's side: cameras and recorders register here, and send their video (docs/gb28181.md).

`shell` and what it names are the only I/O. Everything else is sans-IO: bytes, times and chance in, bytes and events
out.
"""
