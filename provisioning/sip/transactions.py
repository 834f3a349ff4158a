"""Repeats our requests until they are answered, and recognizes repeated ones (RFC 3261, 17). Times are arguments.

Over UDP a request is repeated until it is answered, and devices do so with theirs: a repeated request gets the same
answer again and is not executed twice.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Final, Generic, TypeVar

from provisioning.sip import addresses, message
from provisioning.sip.peer import Peer

Context = TypeVar("Context")

T1_S: Final = 0.5
"""Seconds until the first repetition; each next takes twice as long."""
T2_S: Final = 4.0
"""Longest gap between repetitions, but for an INVITE."""
LIFE_S: Final = 64 * T1_S
"""Timer F and B: without an answer by now there is none. Timer J: an answer is kept as long."""
MAX_ANSWERS: Final = 32_768
"""Kept at a time: 1,000 requests a second for 32 s. Past it the oldest is dropped; its request would be done again."""
MAX_OPEN: Final = 32_768
"""Requests that wait for their answer. Past it the oldest is given up before its time."""


class ServerTransactions:
    """Keeps the final responses of the last 32 s.

    A request is the same when every byte of it is: devices use one branch for ever, or answer a challenge under the
    CSeq of the first try.
    """

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[bytes, float]] = {}
        """The final responses and until when each is kept, in the order in which they were given."""

    def answer_to(self, request: message.Request, peer: Peer, now_s: float) -> bytes | None:
        """Returns the response that was given to this very request, to be sent again; None: the request is new."""
        data, until_s = self._answers.get(_key(request, peer), (None, now_s))
        return data if now_s < until_s else None

    def answered(self, request: message.Request, peer: Peer, data: bytes, now_s: float) -> None:
        """Keeps the final response to a request."""
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
    """These bytes are to be sent again."""

    data: bytes
    peer: Peer
    """Address of the last transmission."""
    context: Context


@dataclass(frozen=True, slots=True)
class TimedOut(Generic[Context]):
    """A request got no answer."""

    context: Context


@dataclass(slots=True)
class _Open(Generic[Context]):
    data: bytes
    peer: Peer
    context: Context
    is_invite: bool
    ends_s: float
    due_s: float
    """Moment of the next repetition, or of the end."""
    interval_s: float = T1_S


class ClientTransactions(Generic[Context]):
    """Holds our requests that wait for an answer, each with the sender's context."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open[Context]] = {}
        """Open requests by branch and method, in the order in which they were sent."""
        self._due: list[tuple[float, int, tuple[str, str]]] = []
        """A heap. An entry counts only while its time is still the request's."""
        self._numbers = count()
        self._given_up: list[tuple[float, Context]] = []
        """Requests given up before their time: when, and their context. `due` reports them."""

    def start(self, request: message.Request, peer: Peer, now_s: float, context: Context) -> bytes:
        """Returns the bytes to send now. The request's branch cannot be guessed."""
        key = addresses.branch(request), addresses.cseq(request)[1]
        data, ends_s = message.encode(request), now_s + LIFE_S
        due_s = now_s + T1_S if peer.transport == "udp" else ends_s
        self._open[key] = _Open(data, peer, context, request.method == "INVITE", ends_s, due_s)
        self._plan(key, due_s)
        if len(self._open) > MAX_OPEN:
            self._given_up.append((now_s, self._open.pop(next(iter(self._open))).context))
        return data

    def answered(self, response: message.Response) -> Context | None:
        """Returns the context of the answered request; None when none waits for it, as when an answer is repeated.

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
        """Neither repeats the request nor waits for its answer any more."""
        self._open.pop((addresses.branch(request), addresses.cseq(request)[1]), None)

    def due(self, now_s: float) -> list[Repeat[Context] | TimedOut[Context]]:
        """Returns the repetitions and time-outs that are due."""
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
        """Returns the moment at which `due` is to be called."""
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
