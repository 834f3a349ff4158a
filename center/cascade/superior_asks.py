"""Answers a superior's requests: three queries and two subscriptions; all else is refused with a reason. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from center.cascade import documents, queries, refusals
from center.cascade.nodes import UpwardCatalog
from center.cascade.queries import AskRefusedError, SuperiorQuery
from center.cascade.upward_registration import UpwardRegistration
from center.cascade.upward_requests import Token, UpwardRequests
from center.cascade.upward_subscriptions import SubscriptionKind, UpwardSubscriptions, life_s
from provisioning.contracts.config.cascade import Superior
from provisioning.net.rates import TokenBuckets
from provisioning.sip import addresses
from provisioning.sip import message as sip
from provisioning.sip.message import Request
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.transactions import ServerTransactions

MAX_SEEN: Final = 4096
"""Requests that are remembered against replays. Past it the oldest is forgotten."""
MAX_HEADER: Final = 256
"""Longest From, To, Call-ID and Event of a subscription: our notifications repeat them."""
_REFUSED_METHODS: Final = {"INVITE": refusals.VIDEO, "REGISTER": refusals.REGISTERS_WITH_US}
_OF_DIALOGS: Final = frozenset({"BYE", "CANCEL", "INFO", "UPDATE", "PRACK", "NOTIFY"})
_SUBSCRIPTIONS: Final = {"catalog": SubscriptionKind.CATALOG, "alarm": SubscriptionKind.ALARM}


class AskedLink(Protocol):
    """Offers the handler what it needs of its link (`SuperiorLink`)."""

    @property
    def settings(self) -> Superior: ...
    @property
    def catalog(self) -> UpwardCatalog: ...
    @property
    def requests(self) -> UpwardRequests: ...
    @property
    def registration(self) -> UpwardRegistration: ...
    @property
    def subscriptions(self) -> UpwardSubscriptions: ...

    def count(self, what: str, name: str) -> None:
        """Counts a refusal or a drop."""

    def write(self, data: bytes, kind: str) -> None:
        """Sends bytes, counted as `kind`."""

    def send_answer(self, kind: str, body: bytes, now: Now) -> None:
        """Sends a MANSCDP response, a MESSAGE of its own."""

    def begin_catalog(self, sn: int, device_id: str, now: Now) -> None:
        """Begins to answer a catalogue query."""

    def begin_subscription(
        self, kind: SubscriptionKind, request: Request, own_tag: str, now: Now, *, wants_faults: bool
    ) -> None:
        """Takes a subscription; what changed since the catalogue was asked for follows."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """A response, and the action that follows it."""

    headers: Sequence[tuple[str, str]] = ()
    follow: Callable[[], None] | None = None
    status: int = 200


class AskHandler:
    """Answers the requests of one superior."""

    def __init__(self, link: AskedLink, token: Token, local_time: Callable[[int], str], software: str) -> None:
        self._link = link
        self._token = token
        self._local_time = local_time
        self._software = software
        self._rate = TokenBuckets(link.settings.per_minute)
        self._answers = ServerTransactions()
        self._seen: dict[tuple[str, int, str], None] = {}
        """Call-ID, CSeq and From of requests that came."""

    def receive(self, request: Request, peer: Peer, now: Now) -> None:
        """Answers one request: after the 200, the query's own answer."""
        if not self._rate.allow("superior", now.monotonic_s):
            self._link.count("dropped", "flooded")
            return
        repeated = self._answers.answer_to(request, peer, now.monotonic_s)
        if repeated is not None:
            self._link.write(repeated, "repeat")
            return
        if request.method == "ACK":
            return
        tag = self._token(16)
        try:
            reply = self._reply(request, tag, now)
        except AskRefusedError as error:
            self._link.count("refused", error.refusal.name)
            reply = _Reply((*error.refusal.headers, refusals.ALLOW), status=error.refusal.status)
        data = sip.encode(sip.answer(request, reply.status, peer, to_tag=tag, headers=reply.headers))
        self._answers.answered(request, peer, data, now.monotonic_s)
        self._link.write(data, "response")
        if reply.follow is not None:
            reply.follow()

    def _reply(self, request: Request, tag: str, now: Now) -> _Reply:
        """Carries out a request.

        Raises:
            AskRefusedError: it is refused.
        """
        self._check_sender(request)
        if request.method == "OPTIONS":
            return _Reply((refusals.ALLOW,))
        if request.method in _OF_DIALOGS:
            raise AskRefusedError(refusals.NO_DIALOG)
        refusal = _REFUSED_METHODS.get(request.method)
        if refusal is None and request.method not in {"MESSAGE", "SUBSCRIBE"}:
            refusal = refusals.METHOD
        if refusal is None and not self._link.registration.is_registered:
            refusal = refusals.NOT_REGISTERED
        if refusal is not None:
            raise AskRefusedError(refusal)
        self._check_replay(request)
        return self._message(request, now) if request.method == "MESSAGE" else self._subscribe(request, tag, now)

    def _check_sender(self, request: Request) -> None:
        sender = addresses.user(request.headers.get("From") or "")
        if sender == self._link.settings.own_id:
            raise AskRefusedError(refusals.LOOP)
        if sender != self._link.settings.id:
            raise AskRefusedError(refusals.STRANGER)

    def _check_replay(self, request: Request) -> None:
        number, _ = addresses.cseq(request)
        key = (request.headers.get("Call-ID") or "", number, request.headers.get("From") or "")
        if key in self._seen:
            raise AskRefusedError(refusals.REPLAYED)
        self._seen[key] = None
        if len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]

    def _message(self, request: Request, now: Now) -> _Reply:
        query = queries.parse(request.body)
        if query.refusal is not None:
            raise AskRefusedError(query.refusal)
        if query.root == "response":
            return _Reply()
        if query.device_id != self._link.settings.own_id and query.device_id not in self._link.catalog.nodes:
            raise AskRefusedError(refusals.UNKNOWN_DEVICE)
        return _Reply(follow=lambda: self._answer(query, now))

    def _answer(self, query: SuperiorQuery, now: Now) -> None:
        link, version = self._link, self._link.requests.version
        if query.cmd_type == "catalog":
            link.begin_catalog(query.sn, query.device_id, now)
            return
        node = link.catalog.nodes.get(query.device_id)
        if query.cmd_type == "deviceinfo":
            name = link.settings.name if node is None else node.name
            cameras = link.catalog.cameras if node is None else 0
            body = documents.device_info(version, query.sn, query.device_id, name, self._software, cameras)
        else:
            is_on = node is None or node.is_on is not False
            at = self._local_time(now.wall_ms)
            body = documents.device_status(version, query.sn, query.device_id, is_on=is_on, at=at)
        link.send_answer(query.cmd_type, body, now)

    def _subscribe(self, request: Request, tag: str, now: Now) -> _Reply:
        for name in ("From", "To", "Call-ID", "Event"):
            if len(request.headers.get(name) or "") > MAX_HEADER:
                raise AskRefusedError(refusals.MALFORMED)
        asked_s = life_s(request)
        headers = (("Contact", self._link.requests.contact), ("Expires", str(asked_s)))
        if addresses.tag(request.headers.get("To") or ""):
            self._renew(request, asked_s, now)
            return _Reply(headers)
        query = queries.parse(request.body)
        kind = _SUBSCRIPTIONS.get(query.cmd_type)
        if kind is None:
            is_position = query.cmd_type == "mobileposition"
            raise AskRefusedError(refusals.POSITIONS if is_position else refusals.BAD_EVENT)
        if query.device_id != self._link.settings.own_id:
            raise AskRefusedError(refusals.UNKNOWN_DEVICE)
        if asked_s:
            self._link.begin_subscription(kind, request, tag, now, wants_faults=query.wants_faults)
        return _Reply(headers)

    def _renew(self, request: Request, asked_s: int, now: Now) -> None:
        """Renews or ends a subscription in its dialog."""
        subscription = self._link.subscriptions.of(request)
        if subscription is None:
            raise AskRefusedError(refusals.NO_DIALOG)
        number, _ = addresses.cseq(request)
        if number <= subscription.other_number:
            raise AskRefusedError(refusals.REPLAYED)
        subscription.other_number = number
        if asked_s:
            subscription.ends_s = now.monotonic_s + asked_s
        else:
            self._link.subscriptions.end(subscription)
