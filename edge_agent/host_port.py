"""Writes hosts with ports."""


def host_port(host: str | None, port: int) -> str:
    """Write them as a URL does: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if host is not None and ":" in host else f"{host}:{port}"
