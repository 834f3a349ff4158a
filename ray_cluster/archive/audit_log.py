"""Writes the cluster's own audit lines: searches, erasures and legal holds. One JSON object a line.

The audit log proper is the centre's (hash-chained, signed). With this file that log can be compared with the requests
that the cluster got from any holder of the token: a line is durable before the act that it names begins.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ray_cluster.archive.atomic_files import disk_errors


class Audit:
    """Appends to `audit/YYYYMM.jsonl` in the archive directory. Any process may append: a line is one write."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / "audit"

    def write(self, event: str, *, at_ms: int, **facts: Any) -> None:
        """Make one line durable.

        Raises:
            ArchiveFull, ArchiveWriteFailed: the line is not durable, and the act must not happen.
        """
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
        line = json.dumps({"at": moment.isoformat(timespec="milliseconds"), "event": event, **facts}) + "\n"
        path = self._folder / f"{moment:%Y%m}.jsonl"
        with disk_errors(path):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, line.encode())
                os.fsync(handle)
            finally:
                os.close(handle)
