"""The audit as a hash chain: hashes entries, signs heads and finds the break. Pure: rows and keys in, findings out.

An entry's hash is SHA-256 over `wayside audit 1`, NUL, and the JSON array `[number, at_ms, actor, action, detail,
previous]` in ASCII without white space, where `detail` is text and `previous` the hash of the entry before it, 64 zeros
before the first. A head names the newest entry of a day that is over and is signed by the centre's own Ed25519 key over
`wayside audit head 1`, NUL, and the JSON array `[day, number, sha256, at_ms]` written alike.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provisioning.signing.documents import ForgedError, Seal, SealError, SealKey

GENESIS: Final = "0" * 64
PRUNED: Final = "audit.pruned"
"""The action of the entry that says up to which number entries were deleted; its detail names it as `to`."""
_ENTRY: Final = b"wayside audit 1\0"


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One entry in the form that is hashed and exported."""

    number: int
    at_ms: int
    actor: str
    action: str
    detail: str
    previous: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry when a day was over. `key` and `signature` are empty where there was no key to sign with."""

    day: str
    number: int
    sha256: str
    at_ms: int
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that does not fit the chain, and the cause."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """The result of checking the chain. Numbers are 0 where there is no such entry."""

    entries: int
    first: int
    last: int
    signed_to: int
    """The newest entry covered by a head that is signed with a trusted key."""
    heads: int
    unsigned_heads: int
    broken: Break | None

    @property
    def text(self) -> str:
        """The result in one line, in English."""
        if self.broken is not None:
            return f"BROKEN at entry {self.broken.number}: {self.broken.why}"
        if not self.entries:
            return "The audit is empty."
        intact = f"Entries {self.first} to {self.last} are intact ({self.entries})."
        if self.signed_to:
            return f"{intact} Signed daily heads cover the entries up to {self.signed_to}."
        rest = "anyone with write access to the database could have rewritten them."
        return f"{intact} No signed daily head covers them: {rest}"


def entry_sha256(number: int, at_ms: int, actor: str, action: str, detail: str, previous: str) -> str:
    """Computes the hash of an entry, in hex."""
    return hashlib.sha256(_ENTRY + _canonical(number, at_ms, actor, action, detail, previous)).hexdigest()


def sign_head(key: SealKey | None, *, day: str, number: int, sha256: str, at_ms: int) -> Head:
    """Makes a head, signed where there is a key."""
    if key is None:
        return Head(day, number, sha256, at_ms, "", "")
    return Head(day, number, sha256, at_ms, key.seal.key, key.sign_audit_head(_head_text(day, number, sha256, at_ms)))


def walk(
    entries: Iterable[ChainEntry], heads: Sequence[Head], *, newest: tuple[int, str], trusted: Sequence[str] = ()
) -> ChainCheck:
    """Checks the chain from its first entry; in a pruned audit that one follows a head.

    Args:
        entries: by number.
        heads: by number.
        newest: number and hash of the last entry, as the database holds them beside the entries.
        trusted: public keys in hex. A head that names another is a break; with none given, no head counts as signed.
    """
    walker = _Walker(heads, trusted)
    for entry in entries:
        if not walker.step(entry):
            break
    else:
        walker.end(newest)
    return walker.finding()


class _Walker:
    """The state of one check of the chain."""

    def __init__(self, heads: Sequence[Head], trusted: Sequence[str]) -> None:
        self._heads = heads
        self._trusted = trusted
        self._by_number = {head.number: head for head in heads}
        self._entries = self._first = self._last = self._signed_to = 0
        self._pruned_to = 0
        self._previous = GENESIS
        self._broken: Break | None = None

    def step(self, entry: ChainEntry) -> bool:
        """Checks one entry; returns false if the chain breaks there."""
        why = self._begin(entry) if self._entries == 0 else self._follow(entry)
        why = why or self._own(entry) or self._head(entry.number, entry.sha256)
        if why:
            self._broken = Break(entry.number, why)
            return False
        self._entries += 1
        self._first = self._first or entry.number
        self._last = entry.number
        self._previous = entry.sha256
        if entry.action == PRUNED:
            self._pruned_to = _pruned_to(entry.detail)
        return True

    def end(self, newest: tuple[int, str]) -> None:
        """Checks, after the last entry, that it is the newest one and that no head lies beyond it."""
        beyond = max([newest[0], *(head.number for head in self._heads)])
        if self._entries == 0 and newest[0] == 0 and not self._heads:
            return
        if self._entries and self._first != self._pruned_to + 1:
            # A chain may begin after any head: that it was pruned up to there, and not further, only it itself can say.
            self._broken = Break(
                self._pruned_to + 1, f"it is gone, and no pruning took it: the chain begins at {self._first}"
            )
        elif beyond > self._last:
            self._broken = Break(self._last + 1, f"it and all up to entry {beyond}, which is named elsewhere, are gone")
        elif newest != (self._last, self._previous):
            self._broken = Break(self._last, f"the database names entry {newest[0]} as the newest, of another hash")

    def finding(self) -> ChainCheck:
        """The result so far."""
        unsigned = sum(not head.signature for head in self._heads)
        return ChainCheck(
            self._entries, self._first, self._last, self._signed_to, len(self._heads), unsigned, self._broken
        )

    def _begin(self, entry: ChainEntry) -> str:
        if entry.number == 1:
            return "" if entry.previous == GENESIS else "it is the first and yet names one before it"
        before = self._by_number.get(entry.number - 1)
        if before is None:
            return f"entries before it are gone, and no head stands at entry {entry.number - 1}"
        if before.sha256 != entry.previous:
            return f"entries before it are gone, and it does not follow the head of {before.day}"
        return self._head(before.number, before.sha256)

    def _follow(self, entry: ChainEntry) -> str:
        if entry.number != self._last + 1:
            return f"it follows entry {self._last}: those between are gone"
        return "" if entry.previous == self._previous else f"it does not hold the hash of entry {self._last}"

    @staticmethod
    def _own(entry: ChainEntry) -> str:
        digest = entry_sha256(entry.number, entry.at_ms, entry.actor, entry.action, entry.detail, entry.previous)
        return "" if digest == entry.sha256 else "its content does not have its hash"

    def _head(self, number: int, sha256: str) -> str:
        """Returns what contradicts a head at this entry; empty if nothing does."""
        head = self._by_number.get(number)
        if head is None:
            return ""
        if head.sha256 != sha256:
            return f"the head of {head.day} names another hash"
        if not head.signature or not self._trusted:
            return ""
        if head.key not in self._trusted:
            return f"the head of {head.day} is signed by the key {head.key[:16]}…, which is not trusted here"
        try:
            Seal(head.key).check_audit_head(_head_text(head.day, head.number, head.sha256, head.at_ms), head.signature)
        except (ForgedError, SealError, ValueError):
            return f"the signature of the head of {head.day} is forged"
        self._signed_to = number
        return ""


def _pruned_to(detail: str) -> int:
    try:
        to = json.loads(detail)["to"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0
    return to if isinstance(to, int) else 0


def _head_text(day: str, number: int, sha256: str, at_ms: int) -> str:
    return _canonical(day, number, sha256, at_ms).decode("ascii")


def _canonical(*values: str | int) -> bytes:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode("ascii")
