"""Implements GA/T 1400 (VIID), the side that takes pictures: devices register here and push (docs/viid.md).

`server` is the only shell. Everything else is sans-IO: bytes and times in, decisions and bytes out.
"""
