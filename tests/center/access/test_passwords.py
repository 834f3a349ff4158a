"""Passwords: an unknown user costs as much as a wrong password, and nothing before."""

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from center.access.passwords import Passwords
from tests.center.conftest import PASSWORD


class _CountingHasher(PasswordHasher):
    hashed = 0
    mismatches = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override] # noqa: A002 - theirs
        assert not self.check_needs_rehash(str(hash)), "it has today's costs"
        try:
            return super().verify(hash, password)
        except VerifyMismatchError:
            self.mismatches += 1
            raise


@pytest.mark.parametrize("unknown", [None, ""])
def test_an_unknown_user_costs_one_whole_hash_and_the_start_none(unknown: str | None) -> None:
    hasher = _CountingHasher(time_cost=2, memory_cost=64, parallelism=1)
    passwords = Passwords(hasher)
    assert hasher.hashed == 0
    assert not passwords.verify(unknown, PASSWORD)
    assert hasher.mismatches == 1
    assert passwords.verify(passwords.hash(PASSWORD), PASSWORD)
