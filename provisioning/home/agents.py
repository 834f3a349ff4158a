"""Register of sites, agents, their one-time codes and certificates. Of a code only the hash is stored."""

import hashlib
import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Final, TypeVar

from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.fleet.enrolment import CODE_ALPHABET, normal_code
from provisioning.contracts.ids import AGENT_PATTERN, RESERVED_AGENTS
from provisioning.errors import EnrolmentRefused, RegisterError
from provisioning.home.database import RegisterFile

MAX_CERTIFICATES_A_DAY: Final = 10
"""Limit for one agent, which needs one in two months; without a limit a captured box could fill the register."""
_DAY_MS: Final = 86_400_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Site:
    """A place with agents. Latitude and longitude in degrees, WGS 84."""

    id: str
    name: str
    latitude: float | None
    longitude: float | None
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Agent:
    """An enrolled box, or a place for one."""

    id: str
    site_id: str
    created_at_ms: int
    secrets_key: str | None
    enrolled_at_ms: int | None
    revoked_at_ms: int | None

    @property
    def membership(self) -> Membership:
        """Standing of the agent."""
        if self.revoked_at_ms is not None:
            return Membership.REVOKED
        return Membership.PENDING if self.enrolled_at_ms is None else Membership.ENROLLED

    @property
    def since_ms(self) -> int:
        """Time of its last change of membership."""
        return self.revoked_at_ms or self.enrolled_at_ms or self.created_at_ms


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of an agent. `serial` is decimal text: 160 bits are too many for SQLite's integers."""

    serial: str
    agent_id: str
    pem: str
    issued_at_ms: int
    ends_at_ms: int
    revoked_at_ms: int | None = None
    reason: str | None = None


class Register:
    """Sites, agents, codes, certificates. Every method is one transaction and may raise RegisterError."""

    def __init__(self, file: RegisterFile, now_ms: Callable[[], int]) -> None:
        self._file = file
        self._now_ms = now_ms

    # --- sites and agents

    def add_site(self, site_id: str, name: str, latitude: float | None, longitude: float | None) -> bool:
        """Adds a site; False if it exists unchanged.

        Raises:
            RegisterError: it exists with another name or place, or its id, name or place is invalid.
        """
        _check_id("site", site_id)
        _check_site(name, latitude, longitude)
        with self._file.writing() as db:
            known = self._site(db, site_id)
            if known is not None:
                if (known.name, known.latitude, known.longitude) == (name, latitude, longitude):
                    return False
                raise RegisterError(
                    f"site {site_id} is there already, as {known.name!r} at {known.latitude}, {known.longitude}"
                )
            db.execute("INSERT INTO site VALUES (?, ?, ?, ?, ?)", (site_id, name, latitude, longitude, self._now_ms()))
            return True

    def sites(self) -> list[Site]:
        """Returns every site, by id."""
        with self._file.reading() as db:
            return [Site(*row) for row in db.execute("SELECT * FROM site ORDER BY id")]

    def site(self, site_id: str) -> Site:
        """Returns one site.

        Raises:
            RegisterError: there is none of this id.
        """
        with self._file.reading() as db:
            found = self._site(db, site_id)
            if found is None:
                known = ", ".join(row[0] for row in db.execute("SELECT id FROM site ORDER BY id")) or "none yet"
                raise RegisterError(f"there is no site {site_id!r}; sites are: {known}; add one with: site add")
            return found

    def add_agent(self, agent_id: str, site_id: str, *, again: bool = False) -> bool:
        """Adds an agent; False if it exists at this site. With `again`, a revoked one may enrol anew from now on.

        Raises:
            RegisterError: it exists at another site, it is revoked, its id is invalid, or there is no such site.
        """
        _check_id("agent", agent_id)
        self.site(site_id)
        with self._file.writing() as db:
            known = self._agent(db, agent_id)
            if known is None:
                db.execute(
                    "INSERT INTO agent (id, site_id, created_at_ms) VALUES (?, ?, ?)",
                    (agent_id, site_id, self._now_ms()),
                )
                return True
            if known.site_id != site_id:
                raise RegisterError(f"agent {agent_id} is there already, at site {known.site_id}")
            if known.revoked_at_ms is None:
                return False
            if not again:
                raise RegisterError(_revoked(known))
            db.execute("UPDATE agent SET revoked_at_ms = NULL, enrolled_at_ms = NULL WHERE id = ?", (agent_id,))
            return True

    def agents(self) -> list[Agent]:
        """Returns every agent, by id."""
        with self._file.reading() as db:
            return [Agent(*row) for row in db.execute("SELECT * FROM agent ORDER BY id")]

    def agent(self, agent_id: str) -> Agent:
        """Returns one agent.

        Raises:
            RegisterError: there is none of this id.
        """
        with self._file.reading() as db:
            return self._known(db, agent_id)

    # --- enrolment

    def new_code(self, agent_id: str, lifetime_ms: int) -> tuple[str, int]:
        """Returns a fresh one-time code and its end; unused ones of this agent become invalid. Only its hash is stored.

        Raises:
            RegisterError: no such agent, or it is revoked.
        """
        letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(16))
        code = normal_code(letters)
        expires_at_ms = self._now_ms() + lifetime_ms
        with self._file.writing() as db:
            agent = self._known(db, agent_id)
            if agent.revoked_at_ms is not None:
                raise RegisterError(_revoked(agent))
            db.execute("DELETE FROM code WHERE agent_id = ? AND used_at_ms IS NULL", (agent_id,))
            db.execute(
                "INSERT INTO code (sha256, agent_id, expires_at_ms) VALUES (?, ?, ?)",
                (_digest(code), agent_id, expires_at_ms),
            )
        return code, expires_at_ms

    def code_stands(self, code: str, agent_id: str) -> bool:
        """True if this agent could enrol with this code now."""
        with self._file.reading() as db:
            row = db.execute(
                "SELECT 1 FROM code WHERE sha256 = ? AND agent_id = ? AND used_at_ms IS NULL AND expires_at_ms >= ?",
                (_digest(normal_code(code)), agent_id, self._now_ms()),
            ).fetchone()
            return row is not None

    def pending_codes(self) -> dict[str, int]:
        """Returns the end of each unused code, past or future, by agent."""
        with self._file.reading() as db:
            return dict(db.execute("SELECT agent_id, expires_at_ms FROM code WHERE used_at_ms IS NULL"))

    def enrol(
        self,
        code: str,
        *,
        site_id: str,
        agent_id: str,
        key_sha256: str,
        secrets_key: str,
        sign: Callable[[], Certificate],
    ) -> Certificate:
        """Spends a code. A repeated request with the same key gets the same certificate: the first answer was lost.

        Certificates of an earlier enrolment are revoked: from now on this box is the agent, and no other.

        Raises:
            EnrolmentRefused: unknown, used, expired, or for another agent.
        """
        now_ms = self._now_ms()
        with self._file.writing() as db:
            row = db.execute(
                "SELECT agent_id, expires_at_ms, used_at_ms, used_by, serial FROM code WHERE sha256 = ?",
                (_digest(normal_code(code)),),
            ).fetchone()
            if row is None:
                raise EnrolmentRefused("code_unknown", "this code is not known, or a newer one replaced it")
            owner, expires_at_ms, used_at_ms, used_by, serial = row
            agent = self._agent(db, owner)
            if agent is None or owner != agent_id or agent.site_id != site_id:
                raise EnrolmentRefused("wrong_site", f"this code is not for agent {agent_id} at site {site_id}")
            if used_at_ms is not None:
                earlier = self._certificates(db, "serial = ?", serial)[0]
                if used_by == key_sha256 and earlier.revoked_at_ms is None:
                    return earlier
                raise EnrolmentRefused(
                    "code_used",
                    f"the code of agent {agent_id} was used already, by another box. If that was not you, then:"
                    f" wayside-provision revoke {agent_id}. A new code: wayside-provision bundle {agent_id}",
                )
            if now_ms > expires_at_ms:
                raise EnrolmentRefused(
                    "code_expired", f"the code has expired; a new one: wayside-provision bundle {agent_id}"
                )
            self._revoke(db, agent_id, "superseded", now_ms)
            certificate = sign()
            self._store(db, certificate)
            db.execute(
                "UPDATE code SET used_at_ms = ?, used_by = ?, serial = ? WHERE sha256 = ?",
                (now_ms, key_sha256, certificate.serial, _digest(normal_code(code))),
            )
            db.execute(
                "UPDATE agent SET secrets_key = ?, enrolled_at_ms = ?, revoked_at_ms = NULL WHERE id = ?",
                (secrets_key, now_ms, agent_id),
            )
            return certificate

    def renew(self, serial: str, sign: Callable[[], Certificate]) -> Certificate:
        """Issues another certificate to the agent that holds this one.

        Raises:
            EnrolmentRefused: not one of ours, revoked, ended, or renewed too often.
        """
        now_ms = self._now_ms()
        with self._file.writing() as db:
            agent = self._in_good_standing(db, serial, now_ms)
            recent = [c for c in self._certificates(db, "agent_id = ?", agent.id) if c.issued_at_ms > now_ms - _DAY_MS]
            if len(recent) >= MAX_CERTIFICATES_A_DAY:
                raise EnrolmentRefused(
                    "busy", f"agent {agent.id} was given {len(recent)} certificates in a day: try again tomorrow"
                )
            certificate = sign()
            self._store(db, certificate)
            return certificate

    def require(self, serial: str) -> Agent:
        """Returns the agent that holds this certificate.

        Raises:
            EnrolmentRefused: not one of ours, revoked or ended.
        """
        with self._file.reading() as db:
            return self._in_good_standing(db, serial, self._now_ms())

    def revoke(self, agent_id: str, reason: str) -> list[str]:
        """Revokes an agent, its certificates and codes. Returns the serials; none if it was revoked before."""
        self.agent(agent_id)
        now_ms = self._now_ms()
        with self._file.writing() as db:
            db.execute("UPDATE agent SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL", (now_ms, agent_id))
            db.execute("DELETE FROM code WHERE agent_id = ? AND used_at_ms IS NULL", (agent_id,))
            return self._revoke(db, agent_id, reason, now_ms)

    def certificates(self, agent_id: str) -> list[Certificate]:
        """Returns an agent's certificates, the newest first."""
        with self._file.reading() as db:
            return self._certificates(db, "agent_id = ?", agent_id)

    def revoked(self) -> list[Certificate]:
        """Returns revoked certificates that have not ended; the others need no line in a revocation list."""
        with self._file.reading() as db:
            return self._certificates(db, "revoked_at_ms IS NOT NULL AND ends_at_ms > ?", self._now_ms())

    def numbered(self, name: str, use: Callable[[int], _T]) -> _T:
        """Calls `use` with the next number of a counter: the clock's seconds, or one more than the last.

        No other process changes the register or gets a number meanwhile: a list made from its content cannot replace a
        newer one. By the clock, since a register restored from a backup must not repeat numbers that were used after
        it.
        """
        with self._file.writing() as db:
            row = db.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
            number = max(self._now_ms() // 1000, 0 if row is None else row[0] + 1)
            db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, number))
            return use(number)

    def watching(self) -> AbstractContextManager[Callable[[], bool]]:
        return self._file.watching()

    def one_snapshot(self) -> AbstractContextManager[object]:
        """Makes all reads within see one moment, here and in `Plans`, and quickly. Write nothing within."""
        return self._file.reading()

    # --- inside

    @staticmethod
    def _site(db: Connection, site_id: str) -> Site | None:
        row = db.execute("SELECT * FROM site WHERE id = ?", (site_id,)).fetchone()
        return None if row is None else Site(*row)

    @staticmethod
    def _agent(db: Connection, agent_id: str) -> Agent | None:
        row = db.execute("SELECT * FROM agent WHERE id = ?", (agent_id,)).fetchone()
        return None if row is None else Agent(*row)

    @classmethod
    def _in_good_standing(cls, db: Connection, serial: str, now_ms: int) -> Agent:
        found = cls._certificates(db, "serial = ?", serial)
        if not found:
            raise EnrolmentRefused("unknown", "this certificate is not in the register: enrol again")
        agent = cls._agent(db, found[0].agent_id)
        if found[0].revoked_at_ms is not None or agent is None or agent.revoked_at_ms is not None:
            raise EnrolmentRefused("revoked", f"the certificate of agent {found[0].agent_id} is revoked: enrol again")
        if found[0].ends_at_ms < now_ms:
            raise EnrolmentRefused("expired", f"the certificate of agent {agent.id} has ended: enrol again")
        return agent

    @classmethod
    def _known(cls, db: Connection, agent_id: str) -> Agent:
        found = cls._agent(db, agent_id)
        if found is None:
            known = ", ".join(row[0] for row in db.execute("SELECT id FROM agent ORDER BY id")) or "none yet"
            raise RegisterError(f"there is no agent {agent_id!r}; agents are: {known}; add one with: agent new")
        return found

    @staticmethod
    def _certificates(db: Connection, where: str, value: object) -> list[Certificate]:
        rows = db.execute(f"SELECT * FROM certificate WHERE {where} ORDER BY issued_at_ms DESC", (value,))  # noqa: S608
        return [Certificate(*row) for row in rows]

    @staticmethod
    def _store(db: Connection, made: Certificate) -> None:
        db.execute(
            "INSERT INTO certificate (serial, agent_id, pem, issued_at_ms, ends_at_ms) VALUES (?, ?, ?, ?, ?)",
            (made.serial, made.agent_id, made.pem, made.issued_at_ms, made.ends_at_ms),
        )

    @staticmethod
    def _revoke(db: Connection, agent_id: str, reason: str, now_ms: int) -> list[str]:
        live = "agent_id = ? AND revoked_at_ms IS NULL"
        serials = [row[0] for row in db.execute(f"SELECT serial FROM certificate WHERE {live}", (agent_id,))]  # noqa: S608
        db.execute(
            f"UPDATE certificate SET revoked_at_ms = ?, reason = ? WHERE {live}",  # noqa: S608 - no value is in the text
            (now_ms, reason, agent_id),
        )
        return serials


def _check_id(what: str, value: str) -> None:
    if re.fullmatch(AGENT_PATTERN[1:-1], value) is None:
        raise RegisterError(
            f"{what} id {value[:80]!r} is not valid: up to 63 of a-z, 0-9, '-', the first a letter or digit"
        )
    if what == "agent" and value in RESERVED_AGENTS:
        raise RegisterError(f"agent id {value!r} is reserved for the centre's own certificates: choose another")


def _check_site(name: str, latitude: float | None, longitude: float | None) -> None:
    if not name.strip() or len(name) > 128 or not name.isprintable():
        raise RegisterError("a site's name has 1 to 128 characters and no line break")
    if (latitude is None) != (longitude is None):
        raise RegisterError("latitude and longitude go together: give both or neither")
    if latitude is not None and longitude is not None and not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise RegisterError(
            f"{latitude}, {longitude} is no place: latitude -90 to 90 and longitude -180 to 180 degrees"
        )


def _revoked(agent: Agent) -> str:
    at = datetime.fromtimestamp((agent.revoked_at_ms or 0) / 1000, UTC)
    return (
        f"agent {agent.id} was revoked at {at:%Y-%m-%d %H:%M} UTC. Should a box become it again, then:"
        f" wayside-provision agent new {agent.id} --site {agent.site_id} --again"
    )


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
