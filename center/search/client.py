"""Client of `ray_cluster.query.reader`, the only way to the archive. Every query is in the audit before it is sent.

Each is about the cameras that its user may see (`sight`): a row of another is answered as if it did not exist.

People are one integer in a row, served as counts of five minutes or more and never with one picture
(docs/boundary.md §4): what this client returns to pages and routes has no place for them. Alarm rules alone read whole
rows (`rows`, `commits`).
"""

import asyncio
from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from center.access.permissions import CameraKey, Scope
from center.audit.log import Audit
from center.errors import (
    IntakeStuckError,
    NoPictureError,
    NotComparableError,
    PictureBrokenError,
    QueryBusyError,
    QueryDeniedError,
    QueryFaultError,
    QueryRefusedError,
    QueryTimeoutError,
    QueryUnreachableError,
    TooManyCamerasError,
    UnknownObservationError,
)
from center.search import explain
from center.search.caller import CALLER
from center.search.camera_positions import CameraPositions
from center.search.explain import SearchPlanView
from center.search.filters import CountFilters, Filters, Param, SourceFilters, ZoneFilters
from center.search.views import ObservationList, ObservationView, shown
from provisioning.contracts import ids
from provisioning.contracts.query import archive
from provisioning.contracts.query.search import MachineCounts, SearchPlan
from provisioning.contracts.query.zone_counts import ZoneCounts, ZoneSpan
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES

__all__ = ["Filters", "ObservationList", "ObservationView", "Search"]

TIMEOUT_S: Final = 10.0
CONNECT_TIMEOUT_S: Final = 2.0
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""A page of 500 snapshots with 100 machines each is about 20 MB of JSON."""
MAX_SOURCES_BYTES: Final = 48 * 1024
"""Bytes of all cameras that one query names; servers take 64 KiB of address and headers. Some 1,000 cameras."""
MAX_CONNECTIONS: Final = 640
"""Connections to `query`: more than it queues, by account. With fewer, some would queue here, by arrival."""
MAX_ERROR_BYTES: Final = 4096
OBSERVATION_ERRORS: Final = frozenset(
    {
        "unknown_observation",
        "picture_withheld",
        "picture_leak",
        "picture_erased",
        "picture_damaged",
        "picture_held",
        "not_brought",
    }
)
"""Error kinds of `ray_cluster.query.reader` that are facts about one observation."""
ROW_KEY_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,62}:[0-9a-f]{32}$"
_T = TypeVar("_T", bound=BaseModel)


class QueryAnsweredError(Exception):
    """`query` answered with an error; its meaning depends on the request."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class _ErrorBody(BaseModel):
    """Body of an error of `query`."""

    error: str = Field(max_length=64)
    attention: tuple[str, ...] = Field(default=(), max_length=64)
    """Faults that need a person, a line each."""


class Search:
    """Queries the archive. `actor` is the user, for the audit; `sight` is the cameras that the user may see.

    Raises (all methods):
        QueryError: no answer, or no usable one.
        StoreUnavailableError: the audit cannot be written; no query was sent then.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        audit: Audit,
        positions: CameraPositions,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._audit = audit
        self._positions = positions
        self._client = httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=32),
            transport=transport,
            trust_env=False,
        )

    async def observations(self, filters: Filters, *, actor: str, sight: Scope) -> ObservationList:
        """Reads one page of observations.

        Raises:
            QueryRefusedError: `query` does not take these parameters, most likely a stale cursor.
            TooManyCamerasError: `sight` holds more cameras than one query can name.
        """
        await self._note(actor, "observations.search", filters)
        return await self.page(filters, sight=sight)

    async def page(self, filters: Filters, *, sight: Scope) -> ObservationList:
        """Reads one page of observations, for an export that stands in the audit already."""
        sight = await self._narrowed(filters, sight)
        sources = () if sight.everywhere else _sources(filters, sight)
        if not sight.everywhere and not sources:
            return ObservationList(items=(), next_cursor=None)
        page = await self._model(archive.ObservationPage, "/observations", filters.params(sources))
        # The archive was asked for these cameras alone; one of another version might not have understood.
        items = (item for item in page.items if sight.holds(item.snapshot.agent_id, item.snapshot.camera_id))
        return ObservationList(items=tuple(map(shown, items)), next_cursor=page.next_cursor)

    async def counts(self, filters: CountFilters, *, actor: str, sight: Scope) -> MachineCounts:
        """Counts machines by class and time, hour of the week, and camera. No person is counted.

        Raises:
            QueryRefusedError, TooManyCamerasError: as `observations`.
        """
        await self._note(actor, "observations.count", filters)
        sight = await self._narrowed(filters, sight)
        sources = () if sight.everywhere else _sources(filters, sight)
        if not sight.everywhere and not sources:
            return MachineCounts(machines=0, bins=(), week=(), cameras=(), rows_read=0)
        asked: list[Param] = [*filters.asked(sources), ("bin_ms", filters.bin_ms)]
        found = await self._model(MachineCounts, "/counts", asked)
        if not all(sight.holds(each.agent_id, each.camera_id) for each in found.cameras):
            raise QueryFaultError(url=self._url, cause="it counted cameras that were not asked for")
        return found

    async def zones(
        self, filters: ZoneFilters, *, actor: str, sight: Scope, action: str = "people.count"
    ) -> ZoneCounts:
        """Counts people, as mean and maximum of bins of five minutes or more; `action` is for the audit.

        Raises:
            QueryRefusedError, TooManyCamerasError: as `observations`.
        """
        await self._note(actor, action, filters)
        sight = await self._narrowed(filters, sight)
        sources = () if sight.everywhere else _sources(filters, sight)
        if not sight.everywhere and not sources:
            return ZoneCounts(zones=(), told_to_ms=0, rows_read=0)
        asked: list[Param] = [(name, getattr(filters, name)) for name in ZoneSpan.model_fields]
        found = await self._model(ZoneCounts, "/zones", [*asked, *filters.named(sources)])
        if not all(sight.holds(each.agent_id, each.camera_id) for each in found.zones):
            raise QueryFaultError(url=self._url, cause="it counted before cameras that were not asked for")
        return found

    async def plan(self, filters: Filters, *, actor: str, sight: Scope) -> SearchPlanView:
        """Explains how the archive would search: tables, indexes, and row counts for users who see every camera.

        Raises:
            QueryRefusedError, TooManyCamerasError: as `observations`.
        """
        await self._note(actor, "observations.plan", filters)
        where = await self._narrowed(filters, sight)
        sources = () if where.everywhere else _sources(filters, where)
        if not where.everywhere and not sources:
            return SearchPlanView()
        return explain.shown(await self._model(SearchPlan, "/plan", filters.asked(sources)), sight)

    async def observation(self, row_key: str, *, actor: str, sight: Scope) -> ObservationView:
        """Reads one observation with its machines.

        Raises:
            UnknownObservationError: not in the archive, or of a camera out of sight.
        """
        await asyncio.to_thread(self._audit.append, actor, "observation.view", {"row_key": row_key})
        return await self._observation(row_key, sight)

    async def machine_source(self, row_key: str, *, actor: str, sight: Scope) -> tuple[ObservationView, bytes]:
        """Reads an observation and its picture, to cut a machine from.

        Raises:
            UnknownObservationError, NoPictureError, PictureBrokenError: there is no picture to cut from.
        """
        await asyncio.to_thread(self._audit.append, actor, "observation.crop", {"row_key": row_key})
        return await self._observation(row_key, sight), await self._picture(row_key)

    async def picture(self, row_key: str, *, actor: str, sight: Scope) -> bytes:
        """Reads the redacted JPEG.

        Raises:
            UnknownObservationError, NoPictureError, PictureBrokenError: there is none to show.
        """
        await asyncio.to_thread(self._audit.append, actor, "observation.picture", {"row_key": row_key})
        await self.must_see(row_key, sight=sight)
        return await self._picture(row_key)

    async def must_see(self, row_key: str, *, sight: Scope) -> None:
        """Checks that the row is of a camera in sight; asks the archive only if not every camera is.

        Raises:
            UnknownObservationError: not in the archive, or of a camera out of sight.
        """
        if not sight.everywhere:
            await self._observation(row_key, sight)

    async def preview_source(self, row_key: str) -> bytes:
        """Reads the redacted JPEG, for an overview that shows it small to a user who may see it (`must_see`).

        The entry of the search or live page that led here stands for it in the audit: a wall of 30 cameras would
        write 60 more a second.

        Raises:
            UnknownObservationError, NoPictureError, PictureBrokenError: there is none to show.
        """
        return await self._picture(row_key)

    async def rows(self, filters: Filters) -> archive.ObservationPage:
        """Reads one page of whole rows, for the preview of an alarm rule, whose audit entry covers all its pages.

        Nothing of them may be shown: a row has the count of people in it, which the rule *crowding* compares.

        Raises:
            QueryRefusedError: `query` does not take these parameters.
        """
        return await self._model(archive.ObservationPage, "/observations", filters.params())

    async def commits(self, *, after: int, limit: int, partition: int = 0) -> archive.CommitPage:
        """Reads whole rows of a partition in the order of their commits. No user asks, so nothing is audited.

        Raises:
            QueryRefusedError: `query` does not take these parameters.
        """
        # An archive of an older release has one partition, and refuses a parameter that it does not know.
        of = [("partition", partition)] if partition else []
        return await self._model(archive.CommitPage, "/commits", [("after", after), ("limit", limit), *of])

    async def archived(self, row_key: str) -> archive.Observation:
        """Reads the whole row of one observation, for an export that stands in the audit already.

        Raises:
            UnknownObservationError: not in the archive.
        """
        try:
            return await self._model(archive.Observation, f"/observations/{quote(row_key, safe='')}")
        except QueryAnsweredError as error:
            raise UnknownObservationError(row_key=row_key) from error

    async def holds(self, row_key: str) -> tuple[archive.HoldMark, ...]:
        """Lists the legal holds that name one observation.

        Raises:
            UnknownObservationError: not in the archive.
        """
        try:
            return (await self._model(archive.HoldMarks, f"/observations/{quote(row_key, safe='')}/holds")).holds
        except QueryAnsweredError as error:
            raise UnknownObservationError(row_key=row_key) from error

    async def exported(self, row_key: str) -> bytes:
        """Reads the redacted JPEG, for an export that stands in the audit already.

        Raises:
            UnknownObservationError, NoPictureError, PictureBrokenError: there is none.
        """
        return await self._picture(row_key)

    async def posted(self, path: str, body: bytes, *, timeout_s: float = TIMEOUT_S) -> bytes:
        """Posts a query and returns the answer's body (`center.search.lookalikes`).

        Raises:
            NotComparableError, QueryRefusedError: `query` cannot answer it, or does not take it.
        """
        return await self._bytes(path, (), MAX_ANSWER_BYTES, body=body, timeout_s=timeout_s)

    async def status(self) -> archive.ArchiveStatus:
        """Reads the archive's counts and time span."""
        return await self._model(archive.ArchiveStatus, "/status")

    async def storage(self) -> archive.StorageStatus:
        """Reads the free space of the archive's disk."""
        return await self._model(archive.StorageStatus, "/storage")

    async def growth(self) -> archive.ArchiveGrowth:
        """Reads how many rows each day of the archive has."""
        return await self._model(archive.ArchiveGrowth, "/growth")

    async def nodes(self) -> archive.ClusterNodes:
        """Reads which machines the cluster has."""
        return await self._model(archive.ClusterNodes, "/nodes")

    async def ping(self) -> None:
        """Checks that `query` is up; whether it takes the centre's token shows at the first query."""
        await self._bytes("/health", (), 64 * 1024)

    async def close(self) -> None:
        await self._client.aclose()

    async def _note(self, actor: str, action: str, filters: SourceFilters) -> None:
        detail = filters.model_dump(mode="json", exclude_defaults=True)
        await asyncio.to_thread(self._audit.append, actor, action, detail)

    async def _narrowed(self, filters: SourceFilters, sight: Scope) -> Scope:
        """Narrows `sight` to the cameras in the area of the filters."""
        within = self._positions.within
        return sight if filters.area is None else await asyncio.to_thread(within, sight, filters.corners)

    async def _observation(self, row_key: str, sight: Scope) -> ObservationView:
        if not sight.holds_agent(ids.agent_of(row_key)):
            raise UnknownObservationError(row_key=row_key)
        found = await self.archived(row_key)
        if not sight.holds(found.snapshot.agent_id, found.snapshot.camera_id):
            raise UnknownObservationError(row_key=row_key)
        return shown(found)

    async def _picture(self, row_key: str) -> bytes:
        try:
            return await self._bytes(f"/observations/{quote(row_key, safe='')}/picture", (), MAX_MESSAGE_BYTES)
        except QueryAnsweredError as error:
            match error.kind:
                case "unknown_observation":
                    raise UnknownObservationError(row_key=row_key) from error
                case "picture_damaged":
                    raise PictureBrokenError(row_key=row_key, cause="the archive's copy is damaged") from error
                case _:
                    raise NoPictureError(row_key=row_key) from error

    async def _model(self, model: type[_T], path: str, params: Sequence[Param] = ()) -> _T:
        body = await self._bytes(path, params, MAX_ANSWER_BYTES)
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            cause = f"not a valid {model.__name__} ({error.error_count()} faults)"
            raise QueryFaultError(url=self._url, cause=cause) from error

    async def _bytes(
        self,
        path: str,
        params: Sequence[Param],
        limit: int,
        *,
        body: bytes | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> bytes:
        """Sends a query for the caller of this task and returns the answer's body; with a `body` it is posted.

        Raises:
            CallerLeftError: the caller left; the query was given up, and waits no longer if it has not begun.
        """
        caller = CALLER.get()
        request = self._client.build_request(
            "GET" if body is None else "POST",
            path,
            params=httpx.QueryParams(list(params)),
            content=body,
            headers=caller.headers | ({} if body is None else {"Content-Type": "application/json"}),
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
        )
        return await caller.wait_for(self._exchanged(request, limit, timeout_s))

    async def _exchanged(self, request: httpx.Request, limit: int, timeout_s: float) -> bytes:
        answered = bytearray()
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._sent(request)
                try:
                    async for chunk in answer.aiter_bytes():
                        answered += chunk
                        if len(answered) > limit:
                            raise QueryFaultError(url=self._url, cause=f"more than {limit} bytes")
                finally:
                    await answer.aclose()
                self._judge(answer.status_code, bytes(answered), answer.headers)
        except (httpx.TimeoutException, TimeoutError) as error:
            if isinstance(error, httpx.ConnectTimeout):
                raise QueryUnreachableError(url=self._url, cause="no connection") from error
            raise QueryTimeoutError(url=self._url, timeout_s=timeout_s) from error
        except (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.CloseError) as error:
            raise QueryUnreachableError(url=self._url, cause=str(error) or "connection lost") from error
        except httpx.HTTPError as error:
            raise QueryFaultError(url=self._url, cause=str(error) or type(error).__name__) from error
        return bytes(answered)

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        """Sends a request; a GET goes once more if a kept connection was closed at the other end.

        RFC 9112 §9.3.1. Uvicorn drops an idle connection after five seconds, as httpx does; Ray Serve's proxy after
        ninety, or as it ends.
        """
        try:
            return await self._client.send(request, stream=True)
        except httpx.RemoteProtocolError:
            if request.method != "GET":
                raise
            return await self._client.send(request, stream=True)

    def _judge(self, status: int, body: bytes, headers: httpx.Headers) -> None:
        """Raises the error that an answer other than 200 means."""
        error = _error_of(body)
        kind = error.error
        match status:
            case 200:
                return
            case 401 | 403:
                raise QueryDeniedError(url=self._url)
            case 422 if kind == "no_vector":
                raise NotComparableError
            case 400 | 422:
                raise QueryRefusedError
            case _ if kind in OBSERVATION_ERRORS:
                raise QueryAnsweredError(kind)
            case 503 if kind == "busy":
                raise QueryBusyError(retry_after_s=int(headers["Retry-After"]))
            case 503 if kind == "stuck":
                raise IntakeStuckError(cause="; ".join(error.attention)[:300])
            case 404 | 502 | 503 | 504:
                # Without the cluster's own error body a 404 is Ray Serve's proxy, up before the application behind it.
                raise QueryUnreachableError(url=self._url, cause=f"HTTP {status}: {kind or 'still starting'}")
            case _:
                raise QueryFaultError(url=self._url, cause=f"HTTP {status}")


def _sources(filters: SourceFilters, sight: Scope) -> tuple[CameraKey, ...]:
    """Lists the cameras to query: those in sight, of the ids that the filters name.

    Raises:
        TooManyCamerasError: more than one query can name.
    """
    sources = tuple(sorted(key for key in sight.cameras if not filters.camera_id or key.camera_id in filters.camera_id))
    if sum(len(key.agent_id) + len(key.camera_id) + len("&source=%2F") for key in sources) > MAX_SOURCES_BYTES:
        raise TooManyCamerasError
    return sources


def _error_of(body: bytes) -> _ErrorBody:
    """Reads the error in an answer; an empty one where it holds none."""
    try:
        return _ErrorBody.model_validate_json(body[:MAX_ERROR_BYTES])
    except ValidationError:
        return _ErrorBody(error="")
