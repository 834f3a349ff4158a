"""Reads a TLS server's verdict on the certificate that a client has shown.

In TLS 1.3 the client's handshake ends before the server has checked its certificate. A refusal is an alert at the
client's first read; a session ticket, which the server sends after the check, says that it lets the client in.
"""

import selectors
import ssl
import time


def read_verdict(tls: ssl.SSLSocket, patience_s: float) -> bytes | None:
    """Reads until the server has judged the certificate. Leaves the socket non-blocking.

    Returns None if it lets the client in: its ticket came, or it said nothing for `patience_s`, as one without tickets
    does. Else what it sent unasked; no bytes if it closed the connection.

    Raises:
        ssl.SSLError: the alert.
    """
    ends_s = time.monotonic() + patience_s
    tls.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(tls, selectors.EVENT_READ)
        while True:
            try:
                return tls.recv(64)
            except ssl.SSLWantReadError:
                left_s = ends_s - time.monotonic()
                if left_s <= 0 or (tls.session is not None and tls.session.has_ticket):
                    return None
                selector.select(left_s)
