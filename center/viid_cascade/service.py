"""Wires the cascade by GA/T 1400 of one centre and runs its loops: reading the archive, sending, writing the audit."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from center import background
from center.access.permissions import CameraKey
from center.assessment.profiles import Positions, profiles
from center.audit.log import Audit
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError, StartError
from center.pipeline import causes
from center.pipeline.probes import Probe, ProbeFault, ProbeValue
from center.pipeline.stages import Stage
from center.search.client import Search
from center.viid_cascade.composing import ObjectKind
from center.viid_cascade.errors import SuperiorAwayError, SuperiorDeniesError, SuperiorLoopError
from center.viid_cascade.outbox import Backlog, CascadeOutbox
from center.viid_cascade.selection import Chosen, DropName, ViidCamera, choose
from center.viid_cascade.sender import Sender, Statuses
from center.viid_cascade.superior_client import SuperiorClient
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.config.viid_cascade import ViidSuperior

READ_S: Final = 2.0
AUDIT_S: Final = 60.0
PAGE: Final = 200
LEAVE_S: Final = 3.0
"""Seconds that the superiors together have to answer the end of the registration."""
_CAUSES: Final = {
    SuperiorAwayError.code: causes.SUPERIOR_AWAY,
    SuperiorDeniesError.code: causes.SUPERIOR_DENIES,
    SuperiorLoopError.code: causes.SUPERIOR_LOOP,
}
_LOST: Final = frozenset({DropName.EXPIRED, DropName.OUTBOX_FULL, DropName.REFUSED})


@dataclass(frozen=True, slots=True)
class SuperiorFigures:
    """Counts of one superior since the start, and what waits for it."""

    sent: Mapping[ObjectKind, int]
    dropped: Mapping[DropName, int]
    is_registered: bool


class ViidCascade:
    """Serves the cascade of one centre; without a configured superior it does nothing."""

    def __init__(
        self,
        superiors: tuple[ViidSuperior, ...],
        *,
        store: Store,
        audit: Audit,
        search: Search,
        statuses: Statuses,
        positions: Positions,
        counts: Callable[[str], bool],
        now_ms: NowMs,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`counts`: True for an agent whose rows count.

        Raises:
            ConfigError: a password's file cannot be used.
            StartError: a file of certificates cannot be used.
        """
        self._superiors = superiors
        self._store = store
        self._search = search
        self._positions = positions
        self._counts = counts
        self._now_ms = now_ms
        self._outbox = CascadeOutbox(store, audit, superiors, now_ms)
        self.senders = tuple(
            Sender(each, _client(each), self._outbox, search, statuses, monotonic_s=monotonic_s) for each in superiors
        )
        self._lost: dict[str, int] = {}
        self._fixed = (
            Periodic("the reading for superiors", READ_S, self.read),
            Periodic("the audit of the cascade", AUDIT_S, self.write_audit),
        )

    @property
    def loops(self) -> tuple[Periodic, ...]:
        """Loops that run while `at_work` lasts; none without a superior."""
        return (*self._fixed, *(each.loop for each in self.senders)) if self.senders else ()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Reads and sends while `with` lasts; then ends the registrations.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        await asyncio.to_thread(self._outbox.recover)
        async with background.running(self.loops):
            yield
        with suppress(TimeoutError):  # a superior that does not answer learns it by the missing keepalives
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*(each.leave() for each in self.senders))

    async def read(self) -> None:
        """Reads the archive's commits up to the newest. The first run of a cascade begins there.

        Raises:
            QueryError: the archive does not answer.
            StoreUnavailableError: the last page is read again next time.
        """
        if await asyncio.to_thread(self._outbox.cursor) is None:
            status = await self._search.status()
            for partition, newest in enumerate((status.last_commit_seq, *status.further_commit_seqs)):
                await asyncio.to_thread(self._outbox.post, newest, (), {}, partition)
            return
        partition, partitions = 0, 1
        while partition < partitions:
            partitions = await self._read_partition(partition)
            partition += 1

    async def _read_partition(self, partition: int) -> int:
        """Reads one partition of the archive; returns their number. One that is new is read from its beginning."""
        after = await asyncio.to_thread(self._outbox.cursor, partition) or 0
        cameras: Mapping[CameraKey, ViidCamera] | None = None
        while True:
            page = await self._search.commits(after=after, limit=PAGE, partition=partition)
            if not page.items:
                return page.partitions
            cameras = await asyncio.to_thread(self._cameras) if cameras is None else cameras
            rows = [each for each in page.items if self._counts(each.snapshot.agent_id)]
            chosen, dropped = list[Chosen](), dict[str, Counter[DropName]]()
            for superior in self._superiors:
                found, dropped[superior.id] = choose(superior, rows, cameras, now_ms=self._now_ms())
                chosen += found
            await asyncio.to_thread(self._outbox.post, page.last_commit_seq, chosen, dropped, partition)
            after = page.last_commit_seq

    async def write_audit(self) -> None:
        """Writes what was sent in the hours that are over into the audit.

        Raises:
            StoreUnavailableError: it is written next time.
        """
        await asyncio.to_thread(self._outbox.audit_hours)

    def probes(self) -> Iterator[Probe]:
        """Yields a probe of each superior, for the pipeline: its state as the last turn left it, without a request."""
        for sender in self.senders:
            yield Probe(Stage.SUPERIORS, sender.settings.id, partial(self._probe, sender))

    def figures(self) -> dict[str, SuperiorFigures]:
        """Returns the counts of each superior since the start."""
        return {
            each.settings.id: SuperiorFigures(
                dict(self._outbox.sent[each.settings.id]),
                dict(self._outbox.dropped[each.settings.id]),
                each.is_registered,
            )
            for each in self.senders
        }

    def backlog(self) -> dict[str, Backlog]:
        """Counts what waits, by superior.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        return self._outbox.backlog()

    def _cameras(self) -> dict[CameraKey, ViidCamera]:
        with self._store.transaction() as session:
            found = profiles(session, self._positions)
        return {each.key: ViidCamera(each.district, each.gb_code) for each in found}

    async def _probe(self, sender: Sender) -> ProbeValue:
        trouble = sender.loop.death or sender.loop.trouble
        if trouble is not None:
            raise ProbeFault(_CAUSES.get(trouble.code, causes.SUPERIOR_AWAY), _cause(trouble))
        superior = sender.settings.id
        dropped = self._outbox.dropped[superior]
        lost = sum(dropped[name] for name in _LOST)
        before, self._lost[superior] = self._lost.get(superior, 0), lost
        if lost > before:
            names = ", ".join(f"{name} {dropped[name]}" for name in sorted(_LOST) if dropped[name])
            raise ProbeFault(causes.SUPERIOR_MISSES, names)
        return None


def _client(superior: ViidSuperior) -> SuperiorClient:
    try:
        return SuperiorClient(superior, read_secret(superior.password_file))
    except OSError as error:
        raise StartError(
            what=f"[[viid_cascade]] {superior.id}: {superior.ca_file} cannot be used ({error.strerror or error})",
            what_to_do="Give it the certificates of the authority that issued the superior's, in PEM",
        ) from error


def _cause(trouble: CenterError) -> str:
    return str(trouble.facts.get("cause", trouble.text()))
