"""Passwords: the policy, and Argon2id with a bound on how much of it runs at once."""

import re
import secrets
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from center.errors import BadUsernameError, WeakPasswordError

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 256
"""Argon2 reads the whole password: an endless one would be work for free."""
PARALLEL_HASHES: Final = 2
"""Bounds the memory that a burst of log-ins can take: 64 MiB each."""
ROSTER: Final = "provisioning"
"""Stands in the audit for the signed roster, so no account may have this name."""
_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Passwords:
    """Hashes and verifies. Blocks for some 50 ms."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # A hash of nothing anybody knows: an unknown user costs as much time as a wrong password.
        self._nobody_hash = self._hasher.hash(secrets.token_urlsafe())
        self._hashing = threading.BoundedSemaphore(PARALLEL_HASHES)

    def hash(self, password: str) -> str:
        """As it is kept."""
        with self._hashing:
            return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; with None or an empty hash never, in the same time."""
        if len(password) > MAX_PASSWORD:
            return False
        with self._hashing:
            try:
                return self._hasher.verify(password_hash or self._nobody_hash, password) and bool(password_hash)
            except (VerificationError, InvalidHashError):
                return False

    def is_old(self, password_hash: str) -> bool:
        """Whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def known_form(username: str) -> str | None:
    """A user name as it is kept, None if there can be none like it."""
    name = username.strip().lower()
    return name if _USERNAME.fullmatch(name) is not None and name != ROSTER else None


def checked_username(username: str) -> str:
    """A new user name as it is kept.

    Raises:
        BadUsernameError: it cannot be one, or would pass for the signed roster in the audit.
    """
    name = known_form(username)
    if name is None:
        raise BadUsernameError
    return name


def checked(username: str, password: str) -> str:
    """The user name as it is kept, if both fit the policy.

    Raises:
        BadUsernameError, WeakPasswordError: they do not.
    """
    name = checked_username(username)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or name in password.lower():
        raise WeakPasswordError
    return name
