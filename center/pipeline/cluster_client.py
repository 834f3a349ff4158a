"""Asks the query service for the state of the cluster: each part by itself, since one alone may be away."""

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from center.errors import marked
from center.pipeline.causes import Fact, OwnReason, ReportedCause
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.query.archive import IntakeStatus, StorageStatus, UpkeepReport
from provisioning.contracts.wire.messages import CodedCause

TIMEOUT_S: Final = 2.0
MUTE: Final = marked("no answer within 2 s")
REFUSED: Final = marked("connection refused or no route")
BROKEN: Final = marked("the connection was interrupted")
STRANGE: Final = marked("an answer of another version")
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
_T = TypeVar("_T", bound=BaseModel)


class Reach(StrEnum):
    """Result of a request to the query service."""

    ANSWERED = "answered"
    PART_AWAY = "part_away"
    """`query` answers that the part which it would have to ask does not answer."""
    AWAY = "away"
    """`query` does not answer."""
    DENIED = "denied"
    """`query` refuses the centre's token."""
    OTHER = "other"
    """The answer is not one of this version of `query`."""


@dataclass(frozen=True, slots=True)
class ClusterAnswer(Generic[_T]):
    """The value that was asked for, or the cause for which there is none."""

    reach: Reach
    value: _T | None = None
    cause: str = ""
    """In English; `OwnReason` where it is the centre's own."""
    reason: CodedCause | None = None
    """The same as the cluster coded it."""

    @property
    def fact(self) -> Fact:
        """Returns the cause as a fact of a finding."""
        return self.cause if self.reason is None else ReportedCause(self.reason, self.cause)


@dataclass(frozen=True, slots=True)
class ClusterAnswers:
    """The answers of all parts at one time. `took_s`: time of the quickest answer, None without one."""

    intake: ClusterAnswer[IntakeStatus]
    parsers: ClusterAnswer[ParsersStatus]
    storage: ClusterAnswer[StorageStatus]
    archive: ClusterAnswer[UpkeepReport]
    took_s: float | None

    @property
    def query(self) -> ClusterAnswer[Any]:
        """Reach of `query` itself: it is there if it answered anything, be it that another part is away."""
        all_of_them: tuple[ClusterAnswer[Any], ...] = (self.intake, self.parsers, self.storage, self.archive)
        for reach in (Reach.ANSWERED, Reach.PART_AWAY, Reach.DENIED, Reach.OTHER):
            if (found := next((each for each in all_of_them if each.reach is reach), None)) is not None:
                return ClusterAnswer(reach, cause=found.cause, reason=found.reason)
        return ClusterAnswer(Reach.AWAY, cause=self.intake.cause)


class Cluster:
    """Client of the query service. No method raises for a fault of the network or the cluster: `Reach` states it."""

    def __init__(self, *, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(TIMEOUT_S, connect=1.0),
            transport=transport,
            trust_env=False,
        )

    async def look(self) -> ClusterAnswers:
        """Asks for the state of all parts at once."""
        (intake, a), (parsers, b), (storage, c), (archive, d) = await asyncio.gather(
            self._ask("/intake", IntakeStatus),
            self._ask("/detectors", ParsersStatus),
            self._ask("/storage", StorageStatus),
            self._ask("/upkeep", UpkeepReport),
        )
        asked = ((intake, a), (parsers, b), (storage, c), (archive, d))
        answered = [took for each, took in asked if each.reach is Reach.ANSWERED]
        return ClusterAnswers(intake, parsers, storage, archive, min(answered, default=None))

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, path: str, model: type[_T]) -> tuple[ClusterAnswer[_T], float]:
        began_s = time.monotonic()
        body = bytearray()
        try:
            async with asyncio.timeout(TIMEOUT_S), self._client.stream("GET", path) as response:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        return ClusterAnswer(Reach.OTHER, cause=f"{path}: more than {MAX_ANSWER_BYTES} bytes"), 0.0
        except (httpx.TimeoutException, TimeoutError):
            return ClusterAnswer(Reach.AWAY, cause=OwnReason(MUTE)), 0.0
        except httpx.ConnectError:
            return ClusterAnswer(Reach.AWAY, cause=OwnReason(REFUSED)), 0.0
        except httpx.HTTPError:
            return ClusterAnswer(Reach.AWAY, cause=OwnReason(BROKEN)), 0.0
        return _read(path, response.status_code, bytes(body), model), time.monotonic() - began_s


def _read(path: str, status: int, body: bytes, model: type[_T]) -> ClusterAnswer[_T]:
    match status:
        case 200:
            try:
                return ClusterAnswer(Reach.ANSWERED, model.model_validate_json(body))
            except ValidationError:
                return ClusterAnswer(Reach.OTHER, cause=OwnReason(STRANGE))
        case 401 | 403:
            return ClusterAnswer(Reach.DENIED, cause=f"HTTP {status}")
        case 503 if b'"unavailable"' in body:
            said = _read_refusal(body)
            return ClusterAnswer(Reach.PART_AWAY, cause=said.detail[:200], reason=said.reason)
        case 502 | 503 | 504:
            return ClusterAnswer(Reach.AWAY, cause=f"HTTP {status}")
        case _:
            # Also a 404: of Ray Serve's proxy before the application, or of a cluster without this path.
            return ClusterAnswer(Reach.OTHER, cause=f"{path}: HTTP {status}")


class _Refusal(BaseModel):
    detail: str = ""
    reason: CodedCause | None = None


def _read_refusal(body: bytes) -> _Refusal:
    try:
        return _Refusal.model_validate_json(body[:4096])
    except ValidationError:
        return _Refusal()
