"""Runs the links to all superiors: gives them the catalogue, refuses loops, counts and audits what goes upward."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from random import SystemRandom
from typing import Final

from center import background
from center.audit.log import Audit
from center.background import Periodic
from center.cascade.catalog_source import CatalogSource
from center.cascade.errors import CascadeDistrictError
from center.cascade.shell import SuperiorShell, token
from center.cascade.superior_link import LinkEvent, SuperiorLink
from center.cascade.upward_registration import RegistrationFault
from center.clock import NowMs
from center.errors import StoreUnavailableError, marked
from center.pipeline import causes
from center.pipeline.causes import Cause
from center.pipeline.probes import Probe, ProbeFault
from center.pipeline.stages import Stage
from provisioning.contracts.config.cascade import Superior
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.query.archive import ZONE
from provisioning.net.digest import Account

EVERY_S: Final = 5.0
"""Interval of reading the catalogue: a change reaches a subscriber within it."""
TURNS_AUDITED: Final = 120
"""Turns after which the counts are audited: ten minutes."""
_UNREMARKABLE: Final = frozenset(
    {("sent", "keepalive"), ("sent", "register"), ("sent", "response"), ("sent", "repeat")}
)
"""Counts that make no entry in the audit by themselves."""
FAULTS: Final[dict[RegistrationFault, tuple[Cause, str]]] = {
    RegistrationFault.UNREACHABLE: (causes.CASCADE_AWAY, marked("no connection")),
    RegistrationFault.NO_ANSWER: (causes.CASCADE_AWAY, marked("no answer to REGISTER")),
    RegistrationFault.KEEPALIVE_LOST: (causes.CASCADE_AWAY, marked("three keepalives without an answer")),
    RegistrationFault.CONNECTION_LOST: (causes.CASCADE_AWAY, marked("the connection ended")),
    RegistrationFault.WRONG_PASSWORD: (causes.CASCADE_REFUSED, marked("user name or password is wrong")),
    RegistrationFault.REFUSED: (causes.CASCADE_REFUSED, marked("it does not accept own_id")),
    RegistrationFault.DIGEST_UNKNOWN: (causes.CASCADE_REFUSED, marked("it wants a digest other than MD5 or SHA-256")),
    RegistrationFault.REDIRECTED: (causes.CASCADE_REFUSED, marked("it redirects to another server")),
    RegistrationFault.LOOP: (causes.CASCADE_LOOP, ""),
}


def local_time(at_ms: int) -> str:
    """Writes a moment as GB/T 28181 has it: Beijing time without a zone."""
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m-%dT%H:%M:%S")


class Cascade:
    """All superiors of one centre; none by default."""

    def __init__(
        self, superiors: tuple[Superior, ...], source: CatalogSource, audit: Audit, software: str, now_ms: NowMs
    ) -> None:
        """Reads the passwords.

        Raises:
            ConfigError: a password's file cannot be used.
        """
        self._source = source
        self._audit = audit
        jitter = SystemRandom()
        self.shells = tuple(
            SuperiorShell(
                SuperiorLink(
                    each,
                    Account(each.username or each.own_id, read_secret(each.password_file)),
                    software=software,
                    token=token,
                    local_time=local_time,
                    jitter=jitter.random(),
                ),
                partial(self._note_event, each.id),
                now_ms,
            )
            for each in superiors
        )
        self._events: deque[tuple[str, LinkEvent]] = deque()
        """Registrations granted and lost that the audit does not have yet."""
        self._audited: dict[str, RegistrationFault | None] = {}
        self._totals: dict[str, Counter[tuple[str, str]]] = {}
        """Counts of each superior as last audited."""
        self._turns = 0
        self.loop = Periodic("what goes to superior platforms", EVERY_S, self.refresh)

    @property
    def links(self) -> tuple[SuperiorLink, ...]:
        """The link to each superior."""
        return tuple(shell.link for shell in self.shells)

    @property
    def loops(self) -> tuple[Periodic, ...]:
        """The background loops; none without superiors."""
        return (self.loop, *(shell.loop for shell in self.shells)) if self.shells else ()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Registers with the superiors while `with` lasts, and unregisters."""
        try:
            async with background.running(self.loops):
                yield
        finally:
            for shell in self.shells:
                await shell.leave()
            if self.shells:
                await self._write_audit(is_last=True)

    async def refresh(self) -> None:
        """Publishes the catalogue to each superior, and blocks those that would make a loop.

        Raises:
            CascadeDistrictError: the configuration names a district that there is not; the others are published.
            CodesSpentError, StoreUnavailableError: the catalogue could not be read.
        """
        below = self._source.below()
        unknown: list[CascadeDistrictError] = []
        for shell in self.shells:
            settings, last = shell.link.settings, shell.link.catalog
            catalog, missing = await asyncio.to_thread(self._source.read, settings, last)
            is_loop = not below.isdisjoint({settings.id, settings.own_id})
            shell.step(SuperiorLink.block if is_loop else SuperiorLink.unblock)
            shell.publish(catalog)
            unknown += [CascadeDistrictError(superior=settings.id, district=each) for each in missing]
        await self._write_audit()
        if unknown:
            raise unknown[0]

    def probes(self) -> Iterator[Probe]:
        """Yields the probe of each superior for the view of the chain."""
        for link in self.links:
            yield Probe(Stage.SUPERIORS, link.settings.id, partial(_probe, link))

    def _note_event(self, superior: str, event: LinkEvent) -> None:
        """Keeps a registration that was granted or lost for the audit; the same fault again is none."""
        if self._audited.get(superior, RegistrationFault.NEVER) != event.fault:
            self._audited[superior] = event.fault
            self._events.append((superior, event))

    async def _write_audit(self, *, is_last: bool = False) -> None:
        """Writes registrations at once, and every ten minutes what was sent, refused and dropped.

        Raises:
            StoreUnavailableError: the database does not work; what was not written comes with the next turn.
        """
        self._turns += 1
        while self._events:
            superior, event = self._events.popleft()
            try:
                await self._append(*_entry(superior, event))
            except StoreUnavailableError:
                self._events.appendleft((superior, event))
                raise
        if not is_last and self._turns % TURNS_AUDITED:
            return
        for link in self.links:
            superior, now = link.settings.id, _totals(link)
            grown = now - self._totals.get(superior, Counter())
            if not grown.keys() <= _UNREMARKABLE:
                await self._append(superior, "cascade.traffic", _by_kind(grown))
                self._totals[superior] = now

    async def _append(self, superior: str, action: str, detail: dict[str, object]) -> None:
        await asyncio.to_thread(self._audit.append, f"superior:{superior}", action, detail)


def _entry(superior: str, event: LinkEvent) -> tuple[str, str, dict[str, object]]:
    if event.fault is None:
        return superior, "cascade.registered", {"superior": superior}
    detail: dict[str, object] = {"superior": superior, "cause": event.fault.value}
    return superior, "cascade.lost", detail | ({"status": event.status} if event.status else {})


def _totals(link: SuperiorLink) -> Counter[tuple[str, str]]:
    totals = Counter({key: count for key, count in link.counts.items() if key[0] != "dropped"})
    totals.update({("dropped", name): count for name, count in link.dropped().items() if count})
    return totals


def _by_kind(counts: Counter[tuple[str, str]]) -> dict[str, object]:
    found: dict[str, dict[str, int]] = {}
    for (what, name), count in sorted(counts.items()):
        found.setdefault(what, {})[name] = count
    return dict(found)


async def _probe(link: SuperiorLink) -> None:
    """Reports the state of the registration.

    Raises:
        ProbeFault: there is none.
        TimeoutError: the first attempt is still under way.
    """
    fault = link.registration.fault
    if link.registration.is_registered:
        return
    if fault is None or fault is RegistrationFault.NEVER:
        raise TimeoutError
    cause, text = FAULTS[fault]
    raise ProbeFault(cause, text)
