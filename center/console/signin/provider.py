"""Logs in by an identity provider: the way there and the way back, as plain pages."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from center import credentials
from center.access.errors import ProviderRefusedError, ProviderUnreachableError
from center.access.oidc import WAIT_MS
from center.api.errors import STATUS
from center.console.signin import entry
from center.services import Served, Source

router = APIRouter(include_in_schema=False)

COOKIE: Final = "wayside_provider"
PATH: Final = "/login/provider"


@router.get(PATH)
async def go(services: Served) -> Response:
    """Sends the browser to the provider."""
    if services.oidc is None:
        return RedirectResponse("/login", status_code=303)
    try:
        begun = await services.oidc.begin()
    except ProviderUnreachableError as error:
        return entry.page("login", status=STATUS[type(error)], error=error)
    answer = RedirectResponse(begun.address, status_code=303)
    # Lax and not strict: the browser must bring it along when the provider's page sends it back.
    answer.set_cookie(
        COOKIE,
        begun.state,
        max_age=WAIT_MS // 1000,
        path=PATH,
        httponly=True,
        secure=services.secure_cookie,
        samesite="lax",
    )
    return answer


@router.get(f"{PATH}/back")
async def back(
    request: Request,
    services: Served,
    source: Source,
    state: Annotated[str, Query(max_length=512)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Takes the provider's answer, and opens a session."""
    if services.oidc is None:
        return RedirectResponse("/login", status_code=303)
    try:
        claimed = await services.oidc.finish(state=state, cookie=request.cookies.get(COOKIE), code=code)
        ticket = await run_in_threadpool(services.auth.login_by_provider, claimed, source=source)
    except (ProviderRefusedError, ProviderUnreachableError) as error:
        return entry.page("login", status=STATUS[type(error)], error=error)
    # A page and no redirect: the session's cookie is strict, and a browser that another site sent here would not show
    # it to where it is sent on.
    answer = entry.page("arrived")
    credentials.set_cookie(answer, ticket, now_ms=services.now_ms(), secure=services.secure_cookie)
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, secure=services.secure_cookie, samesite="lax")
    return answer
