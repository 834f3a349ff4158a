"""Requests that are sent again, and requests that came again (RFC 3261, 17). Times are arguments.

Over UDP a request is repeated until it is answered, and so does the device with its own: what it repeats is answered as
before and not done twice.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final, Generic, TypeVar

from edge_agent.gb28181.sip import addresses, message
from edge_agent.gb28181.sip.peer import Peer

Context = TypeVar("Context")

T1_S: Final = 0.5
"""The first repetition; each next takes twice as long."""
T2_S: Final = 4.0
"""At most, but for an INVITE."""
LIFE_S: Final = 64 * T1_S
"""Timer F and B: no answer by now is none. Timer J: an answer is kept as long."""
MAX_ANSWERS: Final = 32_768
"""Kept at a time: 1,000 requests a second for 32 s. Past it the oldest is dropped; its request would be done again."""
MAX_OPEN: Final = 32_768
"""Requests that wait for their answer. Past it the oldest is given up before its time."""


class ServerTransactions:
    """The final answers of the last 32 s.

    A request is the same when every byte of it is: devices use one branch for ever, or answer a challenge under the
    CSeq of the first try.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[bytes, float]] = {}
        """In the order in which they were given: the answer, and until when it is kept."""

    def answer_to(self, request: message.Request, peer: Peer, now_s: float) -> bytes | None:
        """As it was given before to this very request, to be sent again; None: it is new."""
        data, until_s = self._answers.get(_key(request, peer), (None, now_s))
        return data if now_s < until_s else None

    def answered(self, request: message.Request, peer: Peer, data: bytes, now_s: float) -> None:
        """This was the final answer."""
        key = _key(request, peer)
        self._answers.pop(key, None)
        self._answers[key] = data, now_s + LIFE_S
        while self._answers and (len(self._answers) > MAX_ANSWERS or self._first_until_s() <= now_s):
            del self._answers[next(iter(self._answers))]

    def __len__(self) -> int:
        return len(self._answers)

    def _first_until_s(self) -> float:
        return next(iter(self._answers.values()))[1]


def _key(request: message.Request, peer: Peer) -> Hashable:
    number, method = addresses.cseq(request)
    return addresses.branch(request), number, method, peer.host, hash(request)


@dataclass(frozen=True, slots=True)
class Repeat(Generic[Context]):
    """Send these bytes again."""

    data: bytes
    peer: Peer
    """Whom they went to before."""
    context: Context


@dataclass(frozen=True, slots=True)
class TimedOut(Generic[Context]):
    """There was no answer."""

    context: Context


@dataclass(slots=True)
class _Open(Generic[Context]):
    data: bytes
    peer: Peer
    context: Context
    is_invite: bool
    ends_s: float
    due_s: float
    """When something is to be done: a repetition, or the end."""
    interval_s: float = T1_S


class ClientTransactions(Generic[Context]):
    """Our requests that wait for an answer, each with what its sender wants back with it."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open[Context]] = {}
        """By branch and method, in the order in which they were sent."""
        self._due: list[tuple[float, int, tuple[str, str]]] = []
        """A heap. Entries whose time is not that of their request any more mean nothing."""
        self._numbers = count()
        self._given_up: list[tuple[float, Context]] = []
        """Before their time: when, and what is wanted back. `due` says it."""

    def start(self, request: message.Request, peer: Peer, now_s: float, context: Context) -> bytes:
        """The bytes to send now. The request has a branch that nobody else can guess."""
        key = addresses.branch(request), addresses.cseq(request)[1]
        data, ends_s = message.encode(request), now_s + LIFE_S
        due_s = now_s + T1_S if peer.transport == "udp" else ends_s
        self._open[key] = _Open(data, peer, context, request.method == "INVITE", ends_s, due_s)
        self._plan(key, due_s)
        if len(self._open) > MAX_OPEN:
            self._given_up.append((now_s, self._open.pop(next(iter(self._open))).context))
        return data

    def answered(self, response: message.Response) -> Context | None:
        """Whose answer it is; None when nobody waits for it, as when it is repeated.

        A provisional one (1xx) leaves the request open: an INVITE is not repeated any more, others every 4 s.
        """
        key = addresses.branch(response), addresses.cseq(response)[1]
        waiting = self._open.get(key)
        if waiting is None:
            return None
        if response.status >= 200:
            del self._open[key]
        elif waiting.is_invite:
            waiting.due_s = waiting.ends_s
            self._plan(key, waiting.due_s)
        else:
            waiting.interval_s = T2_S
        return waiting.context

    def forget(self, request: message.Request) -> None:
        """Neither repeat it nor wait for it: it is not wanted any more."""
        self._open.pop((addresses.branch(request), addresses.cseq(request)[1]), None)

    def due(self, now_s: float) -> list[Repeat[Context] | TimedOut[Context]]:
        """What is to be done by now."""
        out: list[Repeat[Context] | TimedOut[Context]] = [TimedOut(context) for _, context in self._given_up]
        self._given_up.clear()
        while self._due and self._due[0][0] <= now_s:
            due_s, _, key = heappop(self._due)
            waiting = self._open.get(key)
            if waiting is None or waiting.due_s != due_s:
                continue
            if waiting.ends_s <= now_s:
                del self._open[key]
                out.append(TimedOut(waiting.context))
                continue
            out.append(Repeat(waiting.data, waiting.peer, waiting.context))
            longer = 2 * waiting.interval_s
            waiting.interval_s = longer if waiting.is_invite else min(longer, T2_S)
            waiting.due_s = min(now_s + waiting.interval_s, waiting.ends_s)
            self._plan(key, waiting.due_s)
        return out

    def get_timer(self) -> float | None:
        """When `due` has something to say."""
        if self._given_up:
            return self._given_up[0][0]
        while self._due:
            due_s, _, key = self._due[0]
            waiting = self._open.get(key)
            if waiting is not None and waiting.due_s == due_s:
                return due_s
            heappop(self._due)
        return None

    def __len__(self) -> int:
        return len(self._open)

    def _plan(self, key: tuple[str, str], due_s: float) -> None:
        heappush(self._due, (due_s, next(self._numbers), key))
