"""A TLS server that reads messages slowly, or not at all."""

import socket
import ssl
import threading
from types import TracebackType
from typing import Self

from provisioning.pki.identities import Identity
from tests.support.pki import HOST
from tests.support.waiting import LONG_S


class RudeSyslog:
    """Takes one connection after the other. Reads `step` octets, then waits for `go_on`; with 0 it never reads.

    Once more than `patience` octets have come over one connection it ends that one with the rest unread.
    """

    def __init__(self, identity: Identity, *, step: int, limit: int | None = None) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(identity.cert_file, identity.key_file)
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._step, self._limit = step, limit
        self.connected = threading.Semaphore(0)
        self.give_up = threading.Event()
        self.read = b""
        """Returns all that was read from connections that ended in order."""
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.give_up.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=LONG_S)

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                with plain, self._context.wrap_socket(plain, server_side=True) as line:
                    self.connected.release()
                    self._take(line)
            except OSError:
                continue

    def _take(self, line: ssl.SSLSocket) -> None:
        if self._step == 0:
            self.give_up.wait(LONG_S)
            return
        came = b""
        while part := line.recv(self._step):
            came += part
            if self._limit is not None and len(came) > self._limit:
                return
        self.read += came
