"""Notes in the audit which permissions were refused to whom: once a minute for an account and a permission.

A program that asks ten times a second for what it may not have must not fill the audit.
"""

import threading
from typing import Final

from center.access.permissions import Identity, Permission
from center.audit.log import Audit
from center.clock import NowMs

ACTION: Final = "permission.refused"
EVERY_MS: Final = 60_000
MOST: Final = 10_000
"""Accounts and permissions that are remembered; beyond them all are forgotten, and so noted again."""


class RefusalLog:
    """Notes refusals. Blocks: call it from a worker thread."""

    def __init__(self, audit: Audit, now_ms: NowMs) -> None:
        self._audit = audit
        self._now_ms = now_ms
        self._noted_ms: dict[tuple[str, Permission], int] = {}
        self._lock = threading.Lock()

    def note(self, identity: Identity, permission: Permission, *, method: str, path: str, source: str) -> None:
        """Notes one refusal. `path` is the route's, without what stands in its places.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        now_ms, key = self._now_ms(), (identity.actor, permission)
        with self._lock:
            noted_ms = self._noted_ms.get(key)
            if noted_ms is not None and abs(now_ms - noted_ms) < EVERY_MS:
                return
            if len(self._noted_ms) >= MOST:
                self._noted_ms.clear()
            self._noted_ms[key] = now_ms
        about = {"permission": permission.value, "method": method, "path": path, "source": source}
        self._audit.append(identity.actor, ACTION, about)
