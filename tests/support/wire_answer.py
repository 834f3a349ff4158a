"""A port whose every connection gets the same bytes, and then its end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.waiting import LONG_S


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:  # closed: the test is over
                    return
                with taken:
                    taken.settimeout(LONG_S)
                    try:
                        taken.recv(8192)
                        taken.sendall(answer)
                        taken.shutdown(socket.SHUT_WR)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(LONG_S)
