"""Checks user names and passwords against the policy; hashes with Argon2id, few at once."""

import base64
import re
import secrets
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from center.errors import BadUsernameError, WeakPasswordError

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 256
"""Argon2 reads the whole password: an endless one would cost endless work."""
PARALLEL_HASHES: Final = 2
"""Bounds the memory that a burst of log-ins can take: 64 MiB each."""
ROSTER: Final = "provisioning"
"""The signed roster's name in the audit, so no account may have it."""
_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Passwords:
    """Hashes and verifies passwords. Blocks for some 50 ms."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody_hash = _hash_of_nobody(self._hasher)
        self._hashing = threading.BoundedSemaphore(PARALLEL_HASHES)

    def hash(self, password: str) -> str:
        """Hashes a password for storage, salt and parameters included."""
        with self._hashing:
            return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """True if the password matches the hash; with None or an empty hash false, after the same time."""
        if len(password) > MAX_PASSWORD:
            return False
        with self._hashing:
            try:
                return self._hasher.verify(password_hash or self._nobody_hash, password) and bool(password_hash)
            except (VerificationError, InvalidHashError):
                return False

    def is_old(self, password_hash: str) -> bool:
        """True if the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)


def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """Makes a hash that no password has, without hashing: to verify it costs as much time as a wrong password."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2{hasher.type.name.lower()}$v={ARGON2_VERSION}${costs}${salt}${digest}"


def known_form(username: str) -> str | None:
    """Returns a user name in its stored form, None if no account can have it."""
    name = username.strip().lower()
    return name if _USERNAME.fullmatch(name) is not None and name != ROSTER else None


def checked_username(username: str) -> str:
    """Returns a new user name in its stored form.

    Raises:
        BadUsernameError: against the policy, or it would pass for the signed roster in the audit.
    """
    name = known_form(username)
    if name is None:
        raise BadUsernameError
    return name


def checked(username: str, password: str) -> str:
    """Returns the user name in its stored form, if both fit the policy.

    Raises:
        BadUsernameError, WeakPasswordError: they do not.
    """
    name = checked_username(username)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or name in password.lower():
        raise WeakPasswordError
    return name
