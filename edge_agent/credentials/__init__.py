"""Passwords of cameras and devices, and the digest authentication (RFC 7616) that they are used with."""
