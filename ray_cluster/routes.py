"""The HTTP face of `query`: routes, the bearer token, and the one map from error to status."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi import Query as Parameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from provisioning.contracts.archive import (
    ArchiveStatus,
    CommitPage,
    IntakeStatus,
    Observation,
    ObservationPage,
)
from provisioning.contracts.messages import MachineClass
from ray_cluster.errors import (
    ArchiveUnreadable,
    BadRequest,
    ClusterError,
    PictureDamaged,
    PictureErased,
    PictureLeaked,
    PictureWithheld,
    Unavailable,
    UnknownObservation,
)
from ray_cluster.query import MAX_TIME_MS, Cursor, Filter, Query

AskIntake = Callable[[], Awaitable[IntakeStatus]]
DEFAULT_LIMIT: Final = 50
Limit = Annotated[int, Parameter(ge=1, le=500)]
Time = Annotated[int, Parameter(ge=0, le=MAX_TIME_MS)]

_STATUS: Final[dict[type[ClusterError], tuple[int, str]]] = {
    BadRequest: (422, "bad_request"),
    UnknownObservation: (404, "unknown_observation"),
    PictureWithheld: (404, "picture_withheld"),
    PictureLeaked: (404, "picture_leak"),
    PictureErased: (410, "picture_erased"),
    PictureDamaged: (500, "picture_damaged"),
    ArchiveUnreadable: (503, "unavailable"),
    Unavailable: (503, "unavailable"),
}


class _UnauthorizedError(Exception):
    pass


def create_app(query: Query, *, token: str, ask_intake: AskIntake) -> FastAPI:
    """The application. `token` is what a caller must bear; `ask_intake` raises `Unavailable` while there is none."""
    expected = f"Bearer {token}".encode()

    def authorised(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), expected):
            raise _UnauthorizedError

    # No /docs: its page loads scripts from elsewhere, and nobody but the centre asks here.
    app = FastAPI(title="Wayside query", docs_url=None, redoc_url=None, openapi_url=None)
    _map_errors(app)
    app.include_router(_health(ask_intake))
    for routes in (_observations(query), _archive(query, ask_intake)):
        app.include_router(routes, dependencies=[Depends(authorised)])
    return app


def _health(ask_intake: AskIntake) -> APIRouter:
    routes = APIRouter()

    @routes.get("/health")
    async def health() -> JSONResponse:
        try:
            intake = await ask_intake()
        except Unavailable:
            return JSONResponse({"status": "starting"}, 503)
        if not intake.broker_connected:
            return JSONResponse({"status": "broker unreachable"}, 503)
        return JSONResponse({"status": "ok"})

    return routes


def _observations(query: Query) -> APIRouter:
    routes = APIRouter()

    @routes.get("/observations")
    def observations(
        camera_id: Annotated[list[str] | None, Parameter(max_length=64)] = None,
        cls: Annotated[list[MachineClass] | None, Parameter()] = None,
        from_ms: Time = 0,
        to_ms: Time = MAX_TIME_MS,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Annotated[str | None, Parameter(max_length=200)] = None,
    ) -> ObservationPage:
        wanted = Filter(from_ms, to_ms, tuple(camera_id or ()), tuple(cls or ()))
        return query.observations(wanted, limit=limit, cursor=None if cursor is None else Cursor.parse(cursor))

    @routes.get("/observations/{row_key}")
    def observation(row_key: str) -> Observation:
        return query.observation(row_key)

    @routes.get("/observations/{row_key}/picture")
    def picture(row_key: str) -> Response:
        # Never cached: one erased picture must be gone at once.
        return Response(query.picture(row_key), media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    return routes


def _archive(query: Query, ask_intake: AskIntake) -> APIRouter:
    routes = APIRouter()

    @routes.get("/commits")
    def commits(after: Annotated[int, Parameter(ge=0, le=2**53)] = 0, limit: Limit = DEFAULT_LIMIT) -> CommitPage:
        return query.commits(after=after, limit=limit)

    @routes.get("/status")
    def status() -> ArchiveStatus:
        return query.status()

    @routes.get("/intake")
    async def intake_status() -> IntakeStatus:
        return await ask_intake()

    return routes


def _map_errors(app: FastAPI) -> None:
    @app.exception_handler(ClusterError)
    async def cluster_error(_request: Request, error: ClusterError) -> JSONResponse:
        code, kind = _STATUS.get(type(error), (500, "internal"))
        return JSONResponse({"error": kind, "detail": str(error)}, code)

    @app.exception_handler(_UnauthorizedError)
    async def unauthorized(_request: Request, _error: _UnauthorizedError) -> JSONResponse:
        detail = "send `Authorization: Bearer` with the content of query_token_file"
        return JSONResponse({"error": "unauthorized", "detail": detail}, 401, headers={"WWW-Authenticate": "Bearer"})

    @app.exception_handler(RequestValidationError)
    async def bad_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        faults = (f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()[:5])
        return JSONResponse({"error": "bad_request", "detail": "; ".join(faults)}, 422)
