"""Draws the login page and logs users in."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from center import credentials
from center.access.errors import SecondFactorKeyError, SecondFactorNeededError
from center.api.errors import STATUS
from center.console.preferences import local_path
from center.console.signin import entry
from center.errors import BadCredentialsError, LockedOutError
from center.services import Served, Services, Source

router = APIRouter(include_in_schema=False)

Next = Annotated[str, Query(alias="next", max_length=2048)]


@router.get("/login")
async def show(services: Served) -> Response:
    """Shows the form; before there is an account, redirects to the set-up."""
    if await run_in_threadpool(services.auth.needs_setup):
        return RedirectResponse("/setup", status_code=303)
    return entry.page("login", provider=_provider(services))


@router.post("/login")
async def submit(
    services: Served,
    source: Source,
    username: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=256)] = "",
    one_time_code: Annotated[str, Form(max_length=32)] = "",
    target: Next = "/",
) -> Response:
    """Logs in and redirects to the page that the visitor asked for."""
    try:
        ticket = await run_in_threadpool(
            services.auth.login, username=username, password=password, source=source, code=one_time_code
        )
    except (BadCredentialsError, LockedOutError, SecondFactorNeededError, SecondFactorKeyError) as error:
        ask_code = "yes" if one_time_code or isinstance(error, SecondFactorNeededError) else ""
        return entry.page(
            "login",
            status=STATUS[type(error)],
            error=error,
            username=username,
            ask_code=ask_code,
            provider=_provider(services),
        )
    answer = RedirectResponse(local_path(target), status_code=303)
    credentials.set_cookie(answer, ticket, now_ms=services.now_ms(), secure=services.secure_cookie)
    return answer


def _provider(services: Services) -> str:
    """Returns the identity provider's name, empty where there is none."""
    return "" if services.oidc is None else services.oidc.name
