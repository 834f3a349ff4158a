"""Takes addresses that a camera or recorder names, often by an inner host of its own. None of these hosts is asked.

The host is the configured one, and port and scheme are taken from the named address only where it has the same host.
"""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from edge_agent.onvif.http_exchange import HttpAddress

MAX_ADDRESS: Final = 1024


def on_host(named: str, device_url: str) -> str:
    """Returns a named address on the host of the device service. Raises ValueError for what is no HTTP address."""
    if not 0 < len(named) <= MAX_ADDRESS:
        raise ValueError("no address, or one without end")
    own, theirs = urlsplit(device_url), urlsplit(named)
    if theirs.scheme not in {"http", "https"} or not theirs.hostname:
        raise ValueError("no HTTP address")
    at_home = theirs if theirs.hostname == own.hostname else own
    HttpAddress.of(urlunsplit((theirs.scheme, theirs.hostname, theirs.path, theirs.query, "")))  # printable, or no
    return urlunsplit((at_home.scheme, _place(own.hostname, at_home.port), theirs.path, theirs.query, ""))


def rtsp_on_host(named: str, device_url: str) -> str:
    """Returns a named RTSP address on the host of the device service, at its own port.

    Raises:
        ValueError: it is no RTSP address.
    """
    theirs = urlsplit(named)
    if not 0 < len(named) <= MAX_ADDRESS or theirs.scheme not in {"rtsp", "rtsps"} or not theirs.hostname:
        raise ValueError("no RTSP address")
    if not named.isascii() or not named.isprintable() or " " in named or theirs.port == 0:
        raise ValueError("no RTSP address")
    return urlunsplit(
        (theirs.scheme, _place(urlsplit(device_url).hostname, theirs.port), theirs.path, theirs.query, "")
    )


def _place(host: str | None, port: int | None) -> str:
    shown = f"[{host}]" if ":" in (host or "") else host or ""
    return shown if port is None else f"{shown}:{port}"
