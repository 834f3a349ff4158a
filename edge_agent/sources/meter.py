"""Counts the bytes that a camera sends, for sites whose line is paid by volume."""

import threading


class Meter:
    """Adds up bytes from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0

    @property
    def total_bytes(self) -> int:
        """Bytes received so far."""
        with self._lock:
            return self._bytes

    def add_bytes(self, size_bytes: int) -> None:
        """Adds bytes that have just come."""
        with self._lock:
            self._bytes += size_bytes
