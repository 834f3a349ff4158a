"""Serves `query` over HTTP: routes, the bearer token, and the map from errors to statuses."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi import Query as Parameter
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.query.archive import (
    MOST_PARTITIONS,
    ArchiveGrowth,
    ArchiveStatus,
    ClusterNodes,
    CommitPage,
    HoldMarks,
    IntakeStatus,
    Looks,
    Observation,
    ObservationPage,
    StorageStatus,
    StuckStage,
    UpkeepReport,
)
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest
from provisioning.contracts.query.lookalike import LookalikePage, LookalikeRequest
from provisioning.contracts.query.search import MachineCounts, SearchPlan
from provisioning.contracts.query.standing import StandingAnswer, StandingRequest
from provisioning.contracts.query.zone_counts import ZoneCounts
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from ray_cluster.coded_errors import code_error
from ray_cluster.errors import (
    ArchiveFull,
    ArchiveInUse,
    ArchiveUnreadable,
    ArchiveWriteFailed,
    BadRequest,
    Busy,
    ClusterError,
    NotBrought,
    NoVector,
    PictureDamaged,
    PictureErased,
    PictureHeld,
    PictureLeaked,
    PictureWithheld,
    StageFault,
    StoreDenied,
    StoreRefused,
    Unavailable,
    UnknownObservation,
)
from ray_cluster.query.admission import Admission, QueryLane
from ray_cluster.query.caller import Called, Caller
from ray_cluster.query.lookalike import Lookalike
from ray_cluster.query.params import DEFAULT_LIMIT, Asked, AskedCounts, AskedPage, AskedZones
from ray_cluster.query.query_picture import QueryPictureStages, describe_machines
from ray_cluster.query.reader import Query

AskIntake = Callable[[], Awaitable[IntakeStatus]]
AskParsers = Callable[[], Awaitable[ParsersStatus]]
AskNodes = Callable[[], Awaitable[ClusterNodes]]
Erase = Callable[[ErasureRequest], ErasureAnswer]
STUCK: Final = "stuck"
"""Kind of the error of `/health` while the intake is stuck."""
STORE_AWAY: Final = "pack_store"
"""Kind of the error of `/health` while the store of packs does not answer: nothing can be archived."""
MAX_BODY_BYTES: Final = 64 * 1024
"""Largest body of a request: 256 camera ids take a quarter of it."""
MAX_STANDING_BYTES: Final = 2 * 1024 * 1024
"""Largest body of a standing request: a thousand cases with eight pictures each take 1.1 MB."""
HEALTH_FRESH_S: Final = 2.0
"""Seconds for which an answer of `/health` is reused: it needs no token, and calls every replica."""
RETRY_AFTER_S: Final = 5
"""Seconds after which a caller that was refused for a full queue may try again."""
_NOBODY: Final = 499
"""Status of the answer to a caller that left; it reaches nobody."""
_Model = TypeVar("_Model", bound=BaseModel)
Limit = Annotated[int, Parameter(ge=1, le=500)]

_STATUS: Final[dict[type[ClusterError], tuple[int, str]]] = {
    BadRequest: (422, "bad_request"),
    UnknownObservation: (404, "unknown_observation"),
    PictureWithheld: (404, "picture_withheld"),
    PictureLeaked: (404, "picture_leak"),
    NotBrought: (409, "not_brought"),
    PictureHeld: (409, "picture_held"),
    ArchiveInUse: (503, "unavailable"),
    PictureErased: (410, "picture_erased"),
    PictureDamaged: (500, "picture_damaged"),
    NoVector: (422, "no_vector"),
    ArchiveUnreadable: (503, "unavailable"),
    ArchiveWriteFailed: (503, "unavailable"),
    ArchiveFull: (503, "unavailable"),
    StoreDenied: (503, "unavailable"),
    StoreRefused: (503, "unavailable"),
    Unavailable: (503, "unavailable"),
    StageFault: (503, "unavailable"),
    Busy: (503, "busy"),
}


class _UnauthorizedError(Exception):
    pass


def create_app(
    query: Query,
    shown: QueryPictureStages,
    lookalike: Lookalike,
    *,
    token: str,
    ask_intake: AskIntake,
    ask_parsers: AskParsers | None = None,
    ask_nodes: AskNodes | None = None,
    erase: Erase | None = None,
    admission: Admission | None = None,
    clock_s: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Create the application.

    `shown` embeds a caller's own picture; `token` is the bearer token of callers; an `ask_…` raises `Unavailable`
    without replicas. `erase` erases a picture that was brought for a case; without it no request erases. `admission`
    queues what analysts ask; what the centre asks for itself, such as commits and status, waits for none of them.
    """
    ask_parsers = ask_parsers or _nobody
    ask_nodes = ask_nodes or _nowhere
    expected = f"Bearer {token}".encode()

    async def authorised(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), expected):
            raise _UnauthorizedError

    # No /docs: its page loads scripts from other hosts, and only the centre calls this application.
    app = FastAPI(title="Wayside query", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.admission = admission or Admission()
    _map_errors(app)
    app.include_router(_health(_Health(query, ask_intake, ask_parsers, clock_s)))
    archive = _archive(query, ask_intake, ask_parsers, ask_nodes)
    erasures = [] if erase is None else [_erasures(erase)]
    for routes in (_observations(query), _lookalikes(lookalike), archive, _looks(shown), *erasures):
        app.include_router(routes, dependencies=[Depends(authorised)])
    return app


async def _nobody() -> ParsersStatus:
    return ParsersStatus(parsers=())


async def _nowhere() -> ClusterNodes:
    return ClusterNodes(nodes=())


class _Health:
    """Asks the replicas for their state, at most once in `HEALTH_FRESH_S` for all callers without a token."""

    def __init__(
        self, query: Query, ask_intake: AskIntake, ask_parsers: AskParsers, clock_s: Callable[[], float]
    ) -> None:
        self._query = query
        self._ask_intake = ask_intake
        self._ask_parsers = ask_parsers
        self._clock_s = clock_s
        self._asking = asyncio.Lock()
        self._known: tuple[float, int, dict[str, Any]] | None = None

    async def answer(self) -> JSONResponse:
        """Return the last state if it is fresh; concurrent callers wait for the same answer."""
        async with self._asking:
            if self._known is None or self._clock_s() - self._known[0] >= HEALTH_FRESH_S:
                status, body = await self._ask()
                self._known = self._clock_s(), status, body
            _, status, body = self._known
        return JSONResponse(body, status)

    async def _ask(self) -> tuple[int, dict[str, Any]]:
        try:
            intake = await self._ask_intake()
        except Unavailable:
            return 503, {"status": "starting"}
        if not intake.broker_connected:
            return 503, {"status": "broker unreachable"}
        away = await run_in_threadpool(_of_store, self._query)
        if intake.stuck:
            return 503, {"status": "no progress", "error": STUCK, "attention": [*map(_of_stuck, intake.stuck), *away]}
        if away:
            return 503, {"status": "pack store unreachable", "error": STORE_AWAY, "attention": away}
        # Snapshots still come in: for people to know, not for a load balancer.
        attention = [
            *_of_proofs(len(intake.lost_proofs)),
            *await _of_parsers(self._ask_parsers),
            *await run_in_threadpool(_of_archive, self._query),
        ]
        return 200, {"status": "ok"} | ({"attention": attention} if attention else {})


def _health(health: _Health) -> APIRouter:
    routes = APIRouter()
    routes.get("/health")(health.answer)
    return routes


def _of_stuck(stuck: StuckStage) -> str:
    """Describe a stuck stage without its cause, which may quote an error and needs the token."""
    return f"{stuck.messages} messages make no way at the {stuck.stage} for {stuck.seconds} s, see /intake"


def _of_store(query: Query) -> list[str]:
    """Describe a store of packs that does not answer, without the place and the cause, which need the token."""
    store = query.pack_store()
    if store is None or store.answers is not False:
        return []
    return ["the store of the pictures does not answer as it should, see /status"]


def _of_proofs(lost: int) -> list[str]:
    """Count the agents without their proof; their names need the token."""
    return [f"{lost} agents lost their proof, see /intake"] if lost else []


async def _of_parsers(ask_parsers: AskParsers) -> list[str]:
    try:
        parsers = (await ask_parsers()).parsers
    except Unavailable:
        return ["no parser answers"]
    broken = sum(bool(one.faults) for one in parsers)
    return [f"{broken} of {len(parsers)} parsers have faults, see /detectors"] if broken else []


def _of_archive(query: Query) -> list[str]:
    """Count alarms of the archive; their texts need the token."""
    found = len(query.alarms())
    return [f"upkeep of the archive has alarms: {found}, see /status"] if found else []


def _observations(query: Query) -> APIRouter:
    routes = APIRouter()

    @routes.get("/observations", response_model=ObservationPage)
    async def observations(asked: Annotated[AskedPage, Parameter()], caller: Called) -> Response:
        wanted, cursor = asked.filter(), asked.after()
        return await caller.model(QueryLane.LIST, lambda: query.observations(wanted, limit=asked.limit, cursor=cursor))

    @routes.get("/counts", response_model=MachineCounts)
    async def counts(asked: Annotated[AskedCounts, Parameter()], caller: Called) -> Response:
        wanted = asked.filter()
        return await caller.model(QueryLane.COUNT, lambda: query.counts(wanted, asked.bin_ms))

    @routes.get("/zones", response_model=ZoneCounts)
    async def zones(asked: Annotated[AskedZones, Parameter()], caller: Called) -> Response:
        cameras = asked.filter()
        return await caller.model(
            QueryLane.COUNT, lambda: query.zones(asked, cameras, now_ms=time.time_ns() // 1_000_000)
        )

    @routes.get("/plan", response_model=SearchPlan)
    async def plan(asked: Annotated[Asked, Parameter()], caller: Called) -> Response:
        wanted = asked.filter()
        return await caller.model(QueryLane.LIST, lambda: query.plan(wanted))

    @routes.get("/observations/{row_key}", response_model=Observation)
    async def observation(row_key: str, caller: Called) -> Response:
        return await caller.model(QueryLane.LIST, lambda: query.observation(row_key))

    @routes.get("/observations/{row_key}/holds", response_model=HoldMarks)
    async def holds(row_key: str, caller: Called) -> Response:
        return await caller.model(QueryLane.LIST, lambda: query.holds(row_key))

    @routes.get("/observations/{row_key}/picture")
    async def picture(row_key: str, caller: Called) -> Response:
        return await caller.picture(QueryLane.LIST, lambda: query.picture(row_key))

    return routes


class _LookalikeStream(Response):
    """Streams a `LookalikePage` a line, the last one final, while it has a turn of its lane."""

    def __init__(self, caller: Caller, search: Callable[[], Iterator[LookalikePage]]) -> None:
        super().__init__()
        self._caller = caller
        self._search = search

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; raises as `Caller` and `Lookalike.search` before its first byte."""
        async with self._caller.turn(QueryLane.LOOKALIKE):
            pages = await run_in_threadpool(self._search)
            lines = (page.model_dump_json() + "\n" for page in pages)
            stream = StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})
            await stream(scope, receive, send)


def _lookalikes(lookalike: Lookalike) -> APIRouter:
    routes = APIRouter()

    @routes.post("/lookalikes")
    async def lookalikes(request: Request, caller: Called) -> _LookalikeStream:
        """Search look-alikes. Reads at most `MAX_BODY_BYTES`."""
        wanted = await _read(LookalikeRequest, request, MAX_BODY_BYTES)
        return _LookalikeStream(caller, lambda: lookalike.search(wanted))

    @routes.post("/standing")
    async def standing(request: Request) -> StandingAnswer:
        """Compare fresh rows with the machines that approved cases seek, all pairs at once."""
        wanted = await _read(StandingRequest, request, MAX_STANDING_BYTES)
        return await run_in_threadpool(lookalike.standing.compare, wanted)

    return routes


def _erasures(erase: Erase) -> APIRouter:
    routes = APIRouter()

    @routes.post("/erasures")
    async def erasures(request: Request) -> ErasureAnswer:
        """Erase one picture that a desk agent brought; it is erased when this returns."""
        return await run_in_threadpool(erase, await _read(ErasureRequest, request, MAX_BODY_BYTES))

    return routes


async def _read(model: type[_Model], request: Request, limit: int) -> _Model:
    """Read and validate a request's body, after the token was checked.

    Raises:
        BadRequest, RequestValidationError: the body is larger than `limit`, or invalid.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BadRequest(f"body: more than {limit} bytes; no request is that large")
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error


def _archive(query: Query, ask_intake: AskIntake, ask_parsers: AskParsers, ask_nodes: AskNodes) -> APIRouter:
    routes = APIRouter()

    @routes.get("/commits")
    def commits(
        after: Annotated[int, Parameter(ge=0, le=2**53)] = 0,
        limit: Limit = DEFAULT_LIMIT,
        partition: Annotated[int, Parameter(ge=0, lt=MOST_PARTITIONS)] = 0,
    ) -> CommitPage:
        return query.commits(after=after, limit=limit, partition=partition)

    @routes.get("/status")
    def status() -> ArchiveStatus:
        return query.status()

    @routes.get("/upkeep")
    def upkeep() -> UpkeepReport:
        return query.upkeep()

    @routes.get("/storage")
    def storage() -> StorageStatus:
        return query.storage()

    @routes.get("/growth")
    def growth() -> ArchiveGrowth:
        return query.growth()

    @routes.get("/intake")
    async def intake_status() -> IntakeStatus:
        return await ask_intake()

    @routes.get("/detectors")
    async def detectors() -> ParsersStatus:
        return await ask_parsers()

    @routes.get("/nodes")
    async def nodes() -> ClusterNodes:
        return await ask_nodes()

    return routes


def _looks(shown: QueryPictureStages) -> APIRouter:
    routes = APIRouter()

    @routes.post("/embed")
    async def embed(request: Request) -> Looks:
        # A message as an agent sends it: envelope and redacted picture. It is embedded and not kept.
        return await describe_machines(await _body(request), shown)

    return routes


async def _body(request: Request) -> bytes:
    """Read at most one message: a longer body is refused while it arrives, at any stated length."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_MESSAGE_BYTES:
            raise BadRequest(f"body: over {MAX_MESSAGE_BYTES} bytes; send one snapshot message")
    return bytes(body)


def _map_errors(app: FastAPI) -> None:
    @app.exception_handler(ClusterError)
    async def cluster_error(_request: Request, error: ClusterError) -> JSONResponse:
        code, kind = _STATUS.get(type(error), (500, "internal"))
        content = {"error": kind, "detail": str(error)}
        if kind == "unavailable":  # the centre shows it in the reader's language
            return JSONResponse({**content, "reason": code_error(error).model_dump()}, code)
        headers = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, Busy) else None
        return JSONResponse(content, code, headers)

    @app.exception_handler(ClientDisconnect)
    async def left(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=_NOBODY)

    @app.exception_handler(_UnauthorizedError)
    async def unauthorized(_request: Request, _error: _UnauthorizedError) -> JSONResponse:
        detail = "send `Authorization: Bearer` with the content of query_token_file"
        return JSONResponse({"error": "unauthorized", "detail": detail}, 401, headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(RequestValidationError)
    async def bad_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = (f"{fault['loc'][-1] if fault['loc'] else 'body'}: {fault['msg']}" for fault in error.errors()[:5])
        return JSONResponse({"error": "bad_request", "detail": "; ".join(faults)}, 422)
