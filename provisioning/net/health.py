"""Probes a process from within its container: `python -m provisioning.net.health PLACE`. Exit code 0: it is there.

```
tcp:HOST:PORT       accepts connections
https://HOST:PORT/  answers with a status below 400; http too
held:FILE           a running process holds the lock of this file
```

It imports the standard library alone: a container asks twice a minute, for as long as it lives.
"""

import fcntl
import http.client
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_PATIENCE_S: Final = 5.0
_FIRST_ERROR: Final = 400


def main(places: list[str]) -> int:
    """Probes one place after another; the first that is not as it should be is named on stderr."""
    for place in places:
        if (fault := probe(place)) is not None:
            sys.stderr.write(f"{place}: {fault}\n")
            return 1
    return 0


def probe(place: str) -> str | None:
    """Returns the fault of a place; None if the process behind it is there.

    Raises:
        ValueError: this is no place that can be probed.
    """
    kind, _, rest = place.partition(":")
    if kind == "held":
        return None if is_held(Path(rest)) else "no process holds its lock"
    parts = urlsplit(place if kind in {"http", "https"} else f"tcp://{rest}")
    if kind not in {"tcp", "http", "https"} or parts.hostname is None or parts.port is None:
        raise ValueError(f"{place}: give tcp:HOST:PORT, an http or https address with its port, or held:FILE")
    try:
        if kind == "tcp":
            socket.create_connection((parts.hostname, parts.port), timeout=_PATIENCE_S).close()
            return None
        status = _status(kind, parts.hostname, parts.port, parts.path or "/")
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    return None if status < _FIRST_ERROR else f"status {status}"


def is_held(file: Path) -> bool:
    """True if a process holds the lock of this file; the kernel lets go of it when the process ends."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _status(scheme: str, host: str, port: int, path: str) -> int:
    if scheme == "https":
        # Nothing secret is sent or believed: the question is if the process answers, on its own machine.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=_PATIENCE_S, context=tls
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
