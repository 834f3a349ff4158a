"""Routes to make the first account, to log in and out, and to show the account of a session or token."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from center import credentials
from center.access.errors import SecondFactorKeyError, SecondFactorNeededError
from center.access.permissions import Permission, Role
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import (
    BadCredentialsError,
    BadUsernameError,
    LockedOutError,
    SetupDoneError,
    StoreUnavailableError,
    WeakPasswordError,
    WrongSetupCodeError,
)
from center.services import Asker, Served, Source

router = APIRouter()


class Setup(BaseModel):
    """The code from the set-up file, and the account to make."""

    code: str = Field(min_length=1, max_length=128, json_schema_extra={"format": "password"})
    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})


class CreatedAdministrator(BaseModel):
    """The new administrator account."""

    username: str


class Login(BaseModel):
    """Name and password of a local account, and the code of its second factor where it has one."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256, json_schema_extra={"format": "password"})
    one_time_code: str = Field(default="", max_length=32)


class Session(BaseModel):
    """The account that is logged in, and the end of its session."""

    username: str
    expires_at_ms: int


class GrantView(BaseModel):
    """One role: everywhere, or in one district; for any purpose, or in one case alone."""

    role: Role
    district_id: str | None = None
    case_id: str | None = None


class CallerAccess(Session):
    """The account of the request, and its permissions. `token_id` is of the API token, null for a session."""

    token_id: str | None
    grants: tuple[GrantView, ...]
    permissions: tuple[Permission, ...]
    """Permissions outside any case; some of them perhaps in some districts alone."""


@router.post(
    "/setup",
    operation_id="set_up",
    tags=["setup"],
    status_code=201,
    responses=documented(
        WrongSetupCodeError, SetupDoneError, BadUsernameError, WeakPasswordError, LockedOutError, StoreUnavailableError
    ),
)
def set_up(body: Setup, services: Served, source: Source) -> CreatedAdministrator:
    """Make the administrator. Works once; the code is deleted with it."""
    identity = services.auth.setup(code=body.code, username=body.username, password=body.password, source=source)
    return CreatedAdministrator(username=identity.username)


@router.post(
    "/login",
    operation_id="login",
    tags=["auth"],
    responses=documented(
        BadCredentialsError, SecondFactorNeededError, LockedOutError, SecondFactorKeyError, StoreUnavailableError
    ),
)
def login(body: Login, services: Served, source: Source, response: Response) -> Session:
    """Open a session; the answer sets its cookie."""
    ticket = services.auth.login(username=body.username, password=body.password, source=source, code=body.one_time_code)
    credentials.set_cookie(response, ticket, now_ms=services.now_ms(), secure=services.secure_cookie)
    return Session(username=ticket.identity.username, expires_at_ms=ticket.identity.expires_at_ms)


@router.post(
    "/logout",
    operation_id="logout",
    tags=["auth"],
    status_code=204,
    openapi_extra=needs(Permission.OWN_ACCOUNT),
)
def logout(request: Request, services: Served, asker: Asker, response: Response) -> None:
    """End the session of this cookie."""
    services.auth.logout(request.cookies[credentials.SESSION], actor=asker.actor)
    credentials.delete_cookie(response, secure=services.secure_cookie)


@router.get(
    "/me",
    operation_id="who_am_i",
    tags=["auth"],
    openapi_extra=needs(Permission.SIGNED_IN),
)
def who_am_i(asker: Asker) -> CallerAccess:
    """Show the account of this session or token, and what it may do."""
    return CallerAccess(
        username=asker.username,
        expires_at_ms=asker.expires_at_ms,
        token_id=asker.token_id,
        grants=tuple(
            GrantView(
                role=grant.role,
                district_id=grant.district.district_id if grant.district is not None else None,
                case_id=grant.case_id,
            )
            for grant in asker.access.grants
        ),
        permissions=tuple(sorted(asker.access.permissions())),
    )
