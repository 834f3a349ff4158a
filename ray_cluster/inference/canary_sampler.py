"""Draws the pictures that the canary sees."""

import hashlib
import os


class CanarySampler:
    """Draws the pictures that the canary sees, by a keyed hash of their ids.

    The key is new with every process and never leaves it, so that no agent can predict the draw.
    """

    def __init__(self, share: float, *, key: bytes | None = None) -> None:
        self._share = share
        self._key = os.urandom(32) if key is None else key

    def takes(self, observation_id: str) -> bool:
        """True if the canary is to inspect this picture."""
        digest = hashlib.blake2b(observation_id.encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest) < self._share * 2**64
