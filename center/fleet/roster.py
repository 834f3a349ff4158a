"""Keeps the newest roster of agents that provisioning signed, believed for its seal and number, not its bearer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from center.access.passwords import ROSTER
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import RosterRecord, Store
from center.errors import RosterRefusedError
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet import documents
from provisioning.contracts.fleet.documents import CENTER, Membership, RosterEntry, Sealed
from provisioning.contracts.wire import codec
from provisioning.signing.documents import ForgedError, OutdatedError, Seal, SealError


@dataclass(frozen=True, slots=True)
class RosterInForce:
    """A roster with its number. Replaced whole, so that a page never reads half of one."""

    number: int
    issued_at_ms: int
    members: Mapping[str, RosterEntry]
    sealed: Sealed | None = None


NONE: Final = RosterInForce(number=0, issued_at_ms=0, members={})


class Roster:
    """The roster in force, in memory, and in the store: a restart must not let an older one in.

    Numbers are kept by the key they were signed with. With another key in `seal_key_file` the count begins anew, and
    nothing signed with the old one is believed, stored or not.
    """

    def __init__(self, store: Store, audit: Audit, seal: Seal | None, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._seal = seal
        self._now_ms = now_ms
        self._in_force = NONE
        self._kept = NONE
        self.unreadable = ""
        """The reason that the stored roster could not be read, until another one comes."""

    @property
    def believes(self) -> bool:
        """True if there is a key to check rosters with; without it no agent is known to be revoked."""
        return self._seal is not None

    @property
    def in_force(self) -> RosterInForce:
        """The newest roster that was believed; number 0 before the first."""
        return self._in_force

    def entry(self, agent_id: str) -> RosterEntry | None:
        """Returns the roster's entry of an agent; None without one."""
        return self._in_force.members.get(agent_id)

    def revoked(self, agent_id: str) -> bool:
        """True if the roster revokes the agent."""
        return _revoked(self._in_force, agent_id)

    def load(self) -> None:
        """Reads the roster of the last run. `unreadable` says why it cannot be used; the broker sends the roster again.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        if self._seal is None:
            return
        with self._store.transaction() as session:
            record = session.get(RosterRecord, self._seal.key)
        if record is None:
            return
        # The same number once more: the broker holds it still, and nothing older may take its place.
        floor = record.number - 1
        try:
            self._in_force = _open(self._seal, record.sealed.encode(), newer_than=floor)
        except (SealError, ContractError) as error:
            self._in_force = RosterInForce(number=floor, issued_at_ms=0, members={})
            self.unreadable = str(error)
        self._kept = self._in_force

    def accept(self, payload: bytes) -> frozenset[str]:
        """Puts a roster in force; the one in force, repeated, changes nothing. Returns agents that are revoked no more.

        Raises:
            RosterRefusedError: forged, old, or none; the one in force stays.
            StoreUnavailableError: in force now, but forgotten at a restart unless it comes again before.
        """
        if self._seal is None:
            return frozenset()
        before = self._in_force
        try:
            if codec.decode(Sealed, payload) != before.sealed:
                self._in_force = _open(self._seal, payload, newer_than=before.number)
                self.unreadable = ""
        except ForgedError as error:
            raise RosterRefusedError(
                cause=error,
                what_to_do="If provisioning has a new seal key, copy its seal.pub to seal_key_file and restart the"
                " centre; if not, find out who else publishes rosters at the broker",
            ) from error
        except OutdatedError as error:
            raise RosterRefusedError(
                cause=error,
                what_to_do="Find out who publishes old rosters; if provisioning's folder was put back from a backup,"
                " its numbers have to pass this one first",
            ) from error
        except (SealError, ContractError) as error:
            raise RosterRefusedError(
                cause=error, what_to_do="Check that provisioning and the centre are of the same version"
            ) from error
        now = self._in_force
        if self._kept is not now:
            self._keep(self._seal, now)
        return frozenset(agent_id for agent_id in before.members if _revoked(before, agent_id)) - frozenset(
            agent_id for agent_id in now.members if _revoked(now, agent_id)
        )

    def _keep(self, seal: Seal, now: RosterInForce) -> None:
        """Stores the roster, with the audit's entries for agents revoked or reinstated since the last stored one."""
        assert now.sealed is not None  # noqa: S101 - narrows the type: what was opened has been sealed
        record = RosterRecord(
            seal_key=seal.key,
            number=now.number,
            sealed=now.sealed.model_dump_json(),
            taken_at_ms=self._now_ms(),
        )
        with self._store.transaction() as session:
            session.merge(record)
            for agent_id in sorted({*self._kept.members, *now.members}):
                is_revoked = _revoked(now, agent_id)
                if is_revoked != _revoked(self._kept, agent_id):
                    action = "agent.revoked" if is_revoked else "agent.reinstated"
                    self._audit.add(session, ROSTER, action, {"agent_id": agent_id, "roster": now.number})
        self._kept = now


def _revoked(roster: RosterInForce, agent_id: str) -> bool:
    entry = roster.members.get(agent_id)
    return entry is not None and entry.membership is Membership.REVOKED


def _open(seal: Seal, payload: bytes, *, newer_than: int) -> RosterInForce:
    document = seal.open(payload, addressee=CENTER, newer_than=newer_than)
    if not isinstance(document.body, documents.Roster):
        raise ContractError(
            RejectReason.MALFORMED, f"document {document.number} for the centre is a {document.body.kind}, no roster"
        )
    return RosterInForce(
        number=document.number,
        issued_at_ms=document.issued_at_ms,
        members={entry.agent_id: entry for entry in document.body.agents},
        sealed=codec.decode(Sealed, payload),
    )
