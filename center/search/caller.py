"""Carries the user of a request to the client of the archive: the account to queue as, and the end of the wait.

The middleware, and an open page before each of its events, set `CALLER`. Tasks take it along. Background loops have
none: they query as the centre itself, and nobody leaves them.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final, TypeVar

from provisioning.contracts.query.account import ACCOUNT_HEADER

T = TypeVar("T")
_KEY: Final = secrets.token_bytes(16)
"""Key of the accounts' names in queries: they mean nothing outside this process."""


class CallerLeftError(asyncio.CancelledError):
    """The user left before the archive answered. Cancels the work for that user, which has no other reader."""


def account_name(user_id: int) -> str:
    """Returns the opaque name under which the archive queues an account's queries."""
    return blake2b(str(user_id).encode(), key=_KEY, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who waits. `left` returns once the user has left; None: nobody waits."""

    account: str = ""
    left: Callable[[], Awaitable[object]] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a query for this caller."""
        return {ACCOUNT_HEADER: self.account} if self.account else {}

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns the result of `work`, unless the user leaves first: then it is cancelled.

        Raises:
            CallerLeftError: the user left.
        """
        if self.left is None:
            return await work
        working, leaving = asyncio.create_task(work), asyncio.ensure_future(self.left())
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise CallerLeftError
            return working.result()
        finally:
            leaving.cancel()
            if working.cancel():
                await asyncio.wait((working,))


CENTRE: Final = Caller()
CALLER: Final[ContextVar[Caller]] = ContextVar("caller", default=CENTRE)
"""Caller of the running task."""


def shared_task(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Starts work whose result several users wait for: for the first one's account, also once that one has left."""
    context = copy_context()
    context.run(CALLER.set, replace(CALLER.get(), left=None))
    return asyncio.create_task(work, context=context)
