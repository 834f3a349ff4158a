"""Answers one HTTP request through the admission: as its account, once for equal questions, unless its caller left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from provisioning.contracts.query.account import ACCOUNT_HEADER, ACCOUNT_PATTERN
from ray_cluster.query.admission import Admission, QueryLane

T = TypeVar("T")


class Caller:
    """The caller of one request, whose body has been read.

    Raises (all methods):
        Busy: the lane's queue is full.
        ClientDisconnect: the caller left before its turn came, or before the answer was there.
    """

    def __init__(self, request: Request, account: str, admission: Admission) -> None:
        self._request = request
        self._account = account
        self._admission = admission

    async def model(self, lane: QueryLane, work: Callable[[], BaseModel]) -> Response:
        """Answer with JSON; `work` reads it in a thread, which also writes it out."""
        body = await self._answer(lane, lambda: work().model_dump_json().encode())
        return Response(body, media_type="application/json")

    async def picture(self, lane: QueryLane, work: Callable[[], bytes]) -> Response:
        """Answer with a JPEG. Never cached: an erased picture must be gone at once."""
        body = await self._answer(lane, work)
        return Response(body, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @asynccontextmanager
    async def turn(self, lane: QueryLane) -> AsyncIterator[None]:
        """Wait for a turn; its slot is taken while `with` lasts."""
        over = asyncio.Event()
        try:
            await self._unless_left(self._admission.hold(lane, self._account, over.wait))
            yield
        finally:
            over.set()

    async def _answer(self, lane: QueryLane, work: Callable[[], bytes]) -> bytes:
        question = (self._request.scope["path"], self._request.scope["query_string"])
        return await self._unless_left(self._admission.answer(lane, self._account, question, work))

    async def _unless_left(self, answer: Awaitable[T]) -> T:
        answering, leaving = asyncio.ensure_future(answer), asyncio.create_task(self._left())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ClientDisconnect
            return answering.result()
        finally:
            answering.cancel()
            leaving.cancel()

    async def _left(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


async def caller_of(
    request: Request, account: Annotated[str, Header(alias=ACCOUNT_HEADER, pattern=ACCOUNT_PATTERN)] = ""
) -> Caller:
    """Make the caller of a request; the application's state has the admission."""
    return Caller(request, account, request.app.state.admission)


Called = Annotated[Caller, Depends(caller_of)]
