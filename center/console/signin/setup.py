"""Draws the set-up page, which makes the administrator, once."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from center import credentials
from center.api.errors import STATUS
from center.console.signin import entry
from center.errors import (
    BadUsernameError,
    LockedOutError,
    SetupDoneError,
    WeakPasswordError,
    WrongSetupCodeError,
)
from center.services import Served, Source

router = APIRouter(include_in_schema=False)


@router.get("/setup")
async def show(services: Served) -> Response:
    """Shows the form, as long as there is no account."""
    if not await run_in_threadpool(services.auth.needs_setup):
        return RedirectResponse("/login", status_code=303)
    return entry.page("setup")


@router.post("/setup")
async def submit(
    services: Served,
    source: Source,
    code: Annotated[str, Form(max_length=128)] = "",
    username: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Makes the administrator and logs him in."""
    try:
        await run_in_threadpool(services.auth.setup, code=code, username=username, password=password, source=source)
        ticket = await run_in_threadpool(services.auth.login, username=username, password=password, source=source)
    except SetupDoneError:
        return RedirectResponse("/login", status_code=303)
    except (WrongSetupCodeError, BadUsernameError, WeakPasswordError, LockedOutError) as error:
        return entry.page("setup", status=STATUS[type(error)], error=error, code=code, username=username)
    answer = RedirectResponse("/", status_code=303)
    credentials.set_cookie(answer, ticket, now_ms=services.now_ms(), secure=services.secure_cookie)
    return answer
