"""Fetches one observation for an export: row and picture as they are archived, or the reason why it is left out."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from center.access.permissions import Scope
from center.errors import NoPictureError, PictureBrokenError, UnknownObservationError
from center.evidence.manifest import LeftOut
from center.search.client import Search
from provisioning.contracts.query.archive import HoldMark, Observation, SnapshotRow
from provisioning.contracts.wire.messages import PictureState

PARALLEL = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One observation as it is archived."""

    item: Observation
    holds: tuple[HoldMark, ...]
    jpeg: bytes


async def fetch(search: Search, row_key: str, sight: Scope) -> Found | LeftOut:
    """Fetches row, legal holds and picture; checks the picture by the row's hash.

    An observation of a camera out of sight is left out like one that does not exist.

    Raises:
        QueryError: the archive does not answer.
    """
    try:
        item = await search.archived(row_key)
        if not sight.holds(item.snapshot.agent_id, item.snapshot.camera_id):
            raise UnknownObservationError(row_key=row_key)  # noqa: TRY301 - said once, below, for both
        if (out := _absent(item.snapshot)) is not None:
            return out
        holds = await search.holds(row_key)
        try:
            jpeg = await search.exported(row_key)
        except NoPictureError:
            # Gone between the two requests: the row has the reason by now.
            return _absent((await search.archived(row_key)).snapshot) or LeftOut(row_key=row_key, reason="damaged")
    except UnknownObservationError:
        return LeftOut(row_key=row_key, reason="unknown")
    except PictureBrokenError:
        return LeftOut(row_key=row_key, reason="damaged")
    if hashlib.sha256(jpeg).hexdigest() != item.snapshot.picture_sha256:
        return LeftOut(row_key=row_key, reason="damaged")
    return Found(item, holds, jpeg)


async def erased(search: Search, row_keys: Iterable[str]) -> str | None:
    """Returns the first of these that is erased by now, if any. One past its retention in the archive does not count.

    Raises:
        QueryError: the archive does not answer.
    """
    at_once = asyncio.Semaphore(PARALLEL)

    async def ask(row_key: str) -> str | None:
        async with at_once:
            try:
                row = (await search.archived(row_key)).snapshot
            except UnknownObservationError:
                return None
            return row_key if row.erased_at_ms is not None else None

    answers = await asyncio.gather(*(ask(row_key) for row_key in row_keys))
    return next((found for found in answers if found is not None), None)


def _absent(row: SnapshotRow) -> LeftOut | None:
    if row.erased_at_ms is not None:
        return LeftOut(row_key=row.row_key, reason="erased", erased_at_ms=row.erased_at_ms)
    match row.picture:
        case PictureState.WITHHELD:
            return LeftOut(row_key=row.row_key, reason="withheld")
        case PictureState.LEAK:
            return LeftOut(row_key=row.row_key, reason="leak")
        case PictureState.KEPT:
            return None
