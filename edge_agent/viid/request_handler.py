"""Handles one request from its head to its answer. Bodies stay in memory, and what is not taken is read past unkept."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web

from edge_agent.clock import Clock
from edge_agent.sources.pushed.picture_queue import OfferResult, PictureQueue
from edge_agent.viid import bodies, protocol
from edge_agent.viid.admission import SESSIONS, AdmissionControl, Admitted, Head
from edge_agent.viid.body_memory import BusyError, Reservation, Reservations
from edge_agent.viid.connections import ViidLimits
from edge_agent.viid.counters import Count, Counters
from edge_agent.viid.json_reader import MalformedBodyError, picture_bytes
from edge_agent.viid.protocol import StatusCode, ViidAnswer, ViidRoute

_MAX_SESSION_BYTES: Final = 64 * 1024
_STEP_BYTES: Final = 1024 * 1024
"""Steps in which memory is taken for a body of unknown length."""
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_MAX_ID: Final = 64


class RequestHandler:
    """Handles the requests of all connections."""

    def __init__(
        self,
        door: AdmissionControl,
        pictures: PictureQueue,
        counters: Counters,
        clock: Clock,
        limits: ViidLimits,
        *,
        max_body_bytes: int,
    ) -> None:
        self._door = door
        self._pictures = pictures
        self._counters = counters
        self._clock = clock
        self._limits = limits
        self._max_body_bytes = max_body_bytes
        self._memory = Reservations(pictures.budget, limits.patience_s)

    async def answer(self, request: web.BaseRequest, address: str) -> web.StreamResponse:
        """Answers any request, admitted or not."""
        device_id = request.headers.get("User-Identify", "").strip()
        head = Head(
            method=request.method,
            path=request.raw_path,
            source=address,
            device_id=device_id if len(device_id) <= _MAX_ID else "",
            authorization=request.headers.get("Authorization", ""),
        )
        admitted = self._door.knock(head, self._clock.monotonic_s(), self._clock.now_ms())
        return _response(admitted if isinstance(admitted, ViidAnswer) else await self._admit(request, head, admitted))

    async def _admit(self, request: web.BaseRequest, head: Head, admitted: Admitted) -> ViidAnswer:
        """Takes the body; a fault of it becomes an answer."""
        device_id = admitted.devices[0]
        if admitted.route not in SESSIONS:
            self._counters.add(device_id, Count.RECEIVED)
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(_CONTINUE)
        try:
            if admitted.route in SESSIONS:
                return await self._session(request, head, admitted)
            if admitted.route is ViidRoute.UNREAD:
                return await self._unread(request, head, device_id)
            with self._memory.open(device_id) as reservation:
                return self._pushed(head, admitted, reservation, await self._body(request, reservation))
        except BusyError:
            self._counters.add(device_id, Count.BUSY)
            return protocol.busy(device_id, head.shown_path, self._clock.now_ms())
        except _TooLargeError:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except (TimeoutError, web.RequestPayloadError):
            status = HTTPStatus.REQUEST_TIMEOUT
        except MalformedBodyError:
            status = HTTPStatus.BAD_REQUEST
        if admitted.route not in SESSIONS:
            self._counters.add(device_id, Count.REFUSED)
        return protocol.single(StatusCode.INVALID_JSON, device_id, head.shown_path, self._clock.now_ms(), status)

    async def _session(self, request: web.BaseRequest, head: Head, admitted: Admitted) -> ViidAnswer:
        body = bytearray()

        async def keep(chunk: bytes) -> None:
            body.extend(chunk)

        await self._read(request, _MAX_SESSION_BYTES, keep)
        now_s, now_ms = self._clock.monotonic_s(), self._clock.now_ms()
        answer, alive = self._door.session(head, admitted, bytes(body), now_s, now_ms)
        if alive:
            self._pictures.heard(alive)
        return answer

    async def _unread(self, request: web.BaseRequest, head: Head, device_id: str) -> ViidAnswer:
        """Reads past a body of faces, persons and whatever else is not taken; nothing of it is kept."""

        async def forget(_: bytes) -> None:
            pass

        await self._read(request, self._max_body_bytes, forget)
        self._pictures.heard(device_id)
        self._counters.add(device_id, Count.DROPPED_BY_POLICY)
        return protocol.several([], head.shown_path, self._clock.now_ms())

    async def _body(self, request: web.BaseRequest, reservation: Reservation) -> bytearray:
        """Reads the whole body. Room is taken for the pictures in it as well: base64 makes four bytes of three."""
        length = request.content_length
        if length is not None and length > self._max_body_bytes:
            raise _TooLargeError
        if length is not None:
            await reservation.grow(length + length // 4 * 3)
        body, at = bytearray(length or 0), 0  # in its final size: what grows is copied, and takes more than it needs
        reserved = len(body)

        async def keep(chunk: bytes) -> None:
            nonlocal at, reserved
            while at + len(chunk) > reserved:
                await reservation.grow(_STEP_BYTES + _STEP_BYTES // 4 * 3)
                reserved += _STEP_BYTES
            body[at : at + len(chunk)] = chunk
            at += len(chunk)

        await self._read(request, self._max_body_bytes, keep)
        del body[at:]
        return body

    def _pushed(self, head: Head, admitted: Admitted, reservation: Reservation, data: bytearray) -> ViidAnswer:
        """Offers every picture that is taken."""
        body = bodies.parse(data)
        self._counters.add(admitted.devices[0], Count.DROPPED_BY_POLICY, body.dropped)
        codes = [(thing.id, self._thing(head, admitted, thing, reservation)) for thing in body.things]
        return protocol.several(codes, head.shown_path, self._clock.now_ms())

    def _thing(
        self, head: Head, admitted: Admitted, thing: bodies.PushedObject, reservation: Reservation
    ) -> StatusCode:
        """Offers an object's pictures; returns its status.

        A picture that is none will not become one by being sent again.
        """
        device_id = self._door.owner(head, admitted, thing.device_id, self._clock.monotonic_s())
        if not device_id:
            self._counters.add(admitted.devices[0], Count.REFUSED)
            return StatusCode.INVALID_OPERATION
        self._pictures.heard(device_id)
        self._counters.add(device_id, Count.DROPPED_BY_POLICY, thing.dropped)
        self._counters.add(device_id, Count.REFUSED, thing.without_data)
        code = StatusCode.OK
        for shot in thing.taken:
            try:
                picture = picture_bytes(shot.data)
            except MalformedBodyError:
                self._counters.add(device_id, Count.REFUSED)
                continue
            offer = self._pictures.offer(device_id, picture, shot.shot_at_ms(), _key(device_id, shot, picture))
            self._counters.add(device_id, _COUNTED[offer])
            if offer is OfferResult.ACCEPTED:
                reservation.hand_over(len(picture))
            elif offer is OfferResult.BUSY:
                code = StatusCode.BUSY
        return code

    async def _read(self, request: web.BaseRequest, limit_bytes: int, take: Callable[[bytes], Awaitable[None]]) -> None:
        """Reads the body as it comes, at no less than the required average rate.

        Raises:
            TimeoutError: it is too slow.
        """
        received = 0
        began_s = asyncio.get_running_loop().time()
        async with asyncio.timeout(self._limits.body_s) as limit:
            async for chunk in request.content.iter_any():
                received += len(chunk)
                if received > limit_bytes:
                    raise _TooLargeError
                await take(chunk)
                limit.reschedule(began_s + self._limits.body_s + received / self._limits.body_rate)


_COUNTED: Final = {
    OfferResult.ACCEPTED: Count.ACCEPTED,
    OfferResult.DUPLICATE: Count.DUPLICATE,
    OfferResult.BUSY: Count.BUSY,
}


class _TooLargeError(Exception):
    """A body is over its limit."""


def _key(device_id: str, shot: bodies.PushedPicture, picture: bytes) -> str:
    """Returns the same key for the same picture of the same moment, so that one that is sent again is recognized.

    Ids of the device are not in it: they repeat (a scene and a crop of it share one), and vendors write plates into
    them. Nor can they be read back out of it.
    """
    digest = hashlib.sha256(f"{device_id} {shot.shot_at_ms()} ".encode())
    digest.update(picture)
    return f"v{digest.hexdigest()[:32]}"


def _response(answer: ViidAnswer) -> web.Response:
    headers = {"Content-Type": protocol.CONTENT_TYPE, "Server": "wayside"}
    if answer.challenge:
        headers["WWW-Authenticate"] = answer.challenge
    return web.Response(status=answer.status, body=answer.body, headers=headers)
