"""Log in, log out, who am I."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from center import cookies
from center.api.problems import documented
from center.errors import BadCredentialsError, LockedOutError, NotLoggedInError, StoreUnavailableError
from center.services import Asker, Served, Source

router = APIRouter(tags=["auth"])


class Login(BaseModel):
    """Name and password of a local account."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256, json_schema_extra={"format": "password"})


class Account(BaseModel):
    """Who is logged in, and until when."""

    username: str
    expires_at_ms: int


@router.post(
    "/login",
    operation_id="login",
    responses=documented(BadCredentialsError, LockedOutError, StoreUnavailableError),
)
def login(body: Login, services: Served, source: Source, response: Response) -> Account:
    """Open a session; the answer sets its cookie."""
    ticket = services.auth.login(username=body.username, password=body.password, source=source)
    cookies.grant(response, ticket, now_ms=services.now_ms(), secure=services.secure_cookie)
    return Account(username=ticket.identity.username, expires_at_ms=ticket.identity.expires_at_ms)


@router.post(
    "/logout",
    operation_id="logout",
    status_code=204,
    responses=documented(NotLoggedInError, StoreUnavailableError),
)
def logout(request: Request, services: Served, asker: Asker, response: Response) -> None:
    """End the session of this cookie."""
    services.auth.logout(request.cookies[cookies.SESSION])
    services.audit.append(asker.username, "logout", {})
    cookies.revoke(response, secure=services.secure_cookie)


@router.get("/me", operation_id="who_am_i", responses=documented(NotLoggedInError, StoreUnavailableError))
def who_am_i(asker: Asker) -> Account:
    """The account of this session."""
    return Account(username=asker.username, expires_at_ms=asker.expires_at_ms)
