"""The draw: which pictures the canary gets to see."""

import hashlib
import os


class Draw:
    """Which pictures the canary sees when it does not see all.

    The key is new with every process and never leaves it, so that no agent can tell.
    """

    def __init__(self, share: float, *, key: bytes | None = None) -> None:
        self._share = share
        self._key = os.urandom(32) if key is None else key

    def takes(self, observation_id: str) -> bool:
        """Whether to inspect this one."""
        digest = hashlib.blake2b(observation_id.encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest) < self._share * 2**64
