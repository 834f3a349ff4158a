"""Adapts Serve handles to the stages that intake calls, and their errors to errors of the cluster."""

from collections.abc import Awaitable, Sequence
from typing import Any, Final, TypeVar

from ray.exceptions import (
    ActorDiedError,
    NodeDiedError,
    ObjectLostError,
    ObjectRefStreamEndOfStreamError,
    OutOfMemoryError,
    RayActorError,
    RayTaskError,
    TaskCancelledError,
    WorkerCrashedError,
)
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.errors import ClusterError, StageFault, Unavailable
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable

_DIED: Final = (ActorDiedError, WorkerCrashedError, OutOfMemoryError)
"""Deaths in the middle of a call, of which the call may be the cause."""
_GONE: Final = (
    *_DIED,
    RayActorError,
    NodeDiedError,
    ObjectLostError,
    ObjectRefStreamEndOfStreamError,  # the callee was cancelled, as by a replica that ends: no answer came
    TaskCancelledError,
    RayServeException,  # with BackPressureError and DeploymentUnavailableError
)

ASK_S: Final = 5.0
"""Timeout of a cheap call to a replica."""

_T = TypeVar("_T")
Handle = DeploymentHandle[Any]


class ParserHandle:
    """Parser over a Serve handle."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return await answer(self._handle.parse.remote(photos))


class CanaryHandle:
    """Canary over a Serve handle."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return await answer(self._handle.inspect.remote(photos))


class EmbedderHandle:
    """Embedder over a Serve handle."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        return await answer(self._handle.embed.remote(requests))


class ArchiverHandle:
    """Archiver over a Serve handle."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        return await answer(self._handle.known.remote(sightings))

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return await answer(self._handle.archive.remote(entries))

    async def places(self, agents: Sequence[str]) -> dict[str, int]:
        """Find the partitions of agents; those that were never seen are recorded."""
        return await answer(self._handle.places.remote(agents))


async def answer_all(handle: Handle, method: str) -> list[Any]:
    """Collect the answers of all replicas within `ASK_S`. Raises `Unavailable` without any."""
    try:
        asked = handle.broadcast(method)
        answers = await asked.results_async(timeout_s=ASK_S, return_exceptions=True)
    except (*_GONE, TimeoutError, RuntimeError) as error:
        raise Unavailable(f"{type(error).__name__}: a deployment is away or busy") from error
    good = [one for one in answers if not isinstance(one, BaseException)]
    if not good:
        raise Unavailable("no replica answers; look at the Ray dashboard")
    return good


async def answer(call: Awaitable[_T]) -> _T:
    """Await a call: errors of the callee are raised as themselves, those of the transport as `Unavailable`.

    A fault of the program in the callee, and its death in the middle of the call, are raised as `StageFault`: the
    arguments may be the cause.
    """
    try:
        return await call
    except ClusterError as error:
        if isinstance(error, RayTaskError):
            # Ray makes a class of its own and the cause's, which is in no table of errors (`coded_errors`).
            raise error.cause from error
        raise
    except RayTaskError as error:
        raise StageFault(f"fault in a deployment, please report it: {str(error.cause)[:300]!r}") from error
    except TimeoutError as error:
        raise Unavailable("a deployment does not answer in time") from error
    except _DIED as error:
        raise StageFault(f"{type(error).__name__}: a replica died in the middle of the call") from error
    except _GONE as error:
        raise Unavailable(f"{type(error).__name__}: a deployment is away or busy") from error
