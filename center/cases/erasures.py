"""Erases from the archive what was brought for a case that is over: asks until the archive has confirmed it.

Only rows that the desk agent brought to a place of that case are ever listed (`machines`), and the archive refuses to
erase any that no desk agent signed: no picture of a camera can be erased in this way.
"""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

from pydantic import ValidationError
from sqlalchemy import select

from center.audit.log import locked
from center.cases.tables import CaseErasureRecord, CaseRecord
from center.cases.workflow import ITSELF, CaseWorkflow
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError, QueryFaultError
from center.search.client import QueryAnsweredError, Search
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest

HOUR_MS: Final = 3_600_000
LATE_MS: Final = 8 * 24 * HOUR_MS
"""Time for which a picture in a desk agent's spool (`spool.max_age_h`, a week) may still arrive."""
ABSENT: Final = "unknown_observation"
OF_ITS_OWN: Final = frozenset({ABSENT, "picture_held", "not_brought"})
"""Troubles of one picture, which may still arrive, or that a hold keeps: asked for again by the hour. With any other
trouble the archive is away, and nothing is asked before the next sweep."""
AT_ONCE: Final = 20
"""Pictures that one sweep asks for."""
TIMEOUT_S: Final = 30.0
"""Seconds for the archiver's answer, which may come behind a backlog of small writes."""


class _Due(NamedTuple):
    row_key: str
    number: str
    wanted_at_ms: int


class Erasures:
    """Lists the pictures to erase, asks the archive for each, and stores its answer."""

    def __init__(
        self, store: Store, book: CaseWorkflow, search: Search, now_ms: NowMs, *, due_ms: Callable[[], int | None]
    ) -> None:
        """`due_ms` is `Retention.due_ms`, which gives None while clocks disagree."""
        self._store = store
        self._book = book
        self._search = search
        self._now_ms = now_ms
        self._due_ms = due_ms

    def due(self) -> tuple[_Due, ...]:
        """Returns the erasures to ask for now, and audits those that are asked for the first time. Blocks.

        Raises:
            StoreUnavailableError: the database does not work; nothing may be asked then.
        """
        record = CaseErasureRecord
        now_ms = self._now_ms()
        wanted = select(record).where(_OPEN & (record.next_at_ms <= now_ms)).order_by(record.next_at_ms).limit(AT_ONCE)
        with self._store.transaction() as session:
            locked(session)
            found = session.scalars(wanted).all()
            for each in found:
                if each.next_at_ms == each.wanted_at_ms and not each.trouble:
                    case = session.get_one(CaseRecord, each.number)
                    self._book.note(session, case, "erase", ITSELF, row_key=each.row_key)
            return tuple(_Due(each.row_key, each.number, each.wanted_at_ms) for each in found)

    async def ask(self, due: _Due) -> str:
        """Asks the archive to erase a picture; returns the trouble, empty if the picture is gone.

        Asking again does no harm: the archive answers *erased* of one that is.
        """
        request = ErasureRequest(row_key=due.row_key, case=due.number)
        try:
            body = await self._search.posted("/erasures", request.model_dump_json().encode(), timeout_s=TIMEOUT_S)
            answer = ErasureAnswer.model_validate_json(body)
        except QueryAnsweredError as error:
            if error.kind != ABSENT:
                return error.kind
            due_ms = await asyncio.to_thread(self._due_ms)
            return "" if due_ms is not None and due_ms - due.wanted_at_ms >= LATE_MS else ABSENT
        except CenterError as error:
            return error.code
        except ValidationError:
            return QueryFaultError.code
        return "" if answer.row_key == due.row_key else QueryFaultError.code

    def settle(self, due: _Due, trouble: str) -> None:
        """Stores the answer, and audits each new trouble. Blocks.

        Raises:
            StoreUnavailableError: the database does not work; the archive is asked again.
        """
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            locked(session)
            record = session.get_one(CaseErasureRecord, due.row_key)
            case = session.get_one(CaseRecord, due.number)
            if not trouble:
                record.done_at_ms, record.trouble = now_ms, ""
                self._book.note(session, case, "erased", ITSELF, row_key=due.row_key)
                return
            if trouble != record.trouble:
                self._book.note(session, case, "erase_failed", ITSELF, row_key=due.row_key, trouble=trouble)
            record.trouble = trouble[:32]
            record.next_at_ms = now_ms + (HOUR_MS if trouble in OF_ITS_OWN else 1)


_OPEN: Final = CaseErasureRecord.done_at_ms.is_(None)
