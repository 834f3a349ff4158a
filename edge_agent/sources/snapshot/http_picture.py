"""Fetches one picture over HTTP or HTTPS, bounded in time and bytes, and words every failure itself.

No redirect leads to another origin, and a body ends at `max_bytes`.
"""

import asyncio
import ssl
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp import hdrs
from yarl import URL

from edge_agent import camera_http
from edge_agent.errors import Ended, NoPicture, NotFound, SourceError, Stalled, Unreachable, WrongCredentials
from edge_agent.host_port import host_port
from edge_agent.sources.meter import Meter
from provisioning.contracts.causes import snapshots, streams
from provisioning.contracts.config import processes
from provisioning.net.digest import Account

_ASK: Final = {hdrs.ACCEPT: "image/jpeg, image/png;q=0.9, */*;q=0.1", hdrs.ACCEPT_ENCODING: "identity"}
_TYPES: Final = frozenset(
    {"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/bmp", "image/x-ms-bmp", "application/octet-stream"}
)
"""Content types of a picture. The second and third are no registered names, and cameras send them."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_HOPS: Final = 3
_LOOK_UP_S: Final = 0.2
"""Seconds between two checks whether to stop."""


@dataclass(frozen=True, slots=True)
class HttpPicture:
    """The body of an answer, with what its headers say of its age."""

    data: bytes
    last_modified: str
    """`Last-Modified`, empty without one."""
    date: str
    """`Date`: the camera's clock as it answered; empty without one."""


class PictureFetcher:
    """Fetches the pictures of one address, each over a connection of its own."""

    def __init__(self, camera_id: str, source: processes.SnapshotSource, meter: Meter) -> None:
        """`meter`: counts all answers, headers and bodies."""
        self._camera_id = camera_id
        self._source = source
        self._meter = meter

    def fetch(self, url: str, password: str | None, stop: threading.Event) -> HttpPicture | None:
        """Returns the picture at `url`; None when `stop` came first.

        Raises:
            Unreachable: refused, no route, no such host, nothing there in time, or a certificate that is not trusted.
            WrongCredentials: 401 or 403.
            NotFound: 404.
            NoPicture: an answer that is no picture, a redirect to another place, or over `max_bytes`.
            Stalled: not whole within `timeout_s`.
            Ended: the camera broke the answer off.
        """
        target = URL(url)
        place = host_port(target.host, target.port or 80)  # a path may hold a vendor's token: never shown
        seconds = f"{self._source.timeout_s:g}"
        failure: SourceError
        try:
            return asyncio.run(self._until(stop, target, password, place))
        except aiohttp.ClientConnectorCertificateError:
            failure = Unreachable(self._camera_id, snapshots.CERTIFICATE_UNTRUSTED(place=place))
        except aiohttp.ConnectionTimeoutError:
            failure = Unreachable(self._camera_id, streams.CONNECT_TIMEOUT(place=place, seconds=seconds))
        except TimeoutError:
            failure = Stalled(self._camera_id, snapshots.PICTURE_SLOW(place=place, seconds=seconds))
        except aiohttp.ClientConnectorError as error:
            failure = self._not_connected(error, place)
        except (aiohttp.ClientPayloadError, aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            failure = Ended(self._camera_id, snapshots.PICTURE_BROKEN_OFF(place=place))
        except (aiohttp.ClientError, ValueError) as error:  # ValueError: a Location or a challenge that makes no sense
            failure = NoPicture(self._camera_id, snapshots.NO_HTTP_PICTURE(place=place, error=type(error).__name__))
        except OSError as error:  # the file of trusted certificates
            failure = Unreachable(self._camera_id, snapshots.CA_FILE_UNUSABLE(error=error.strerror or "no PEM"))
        # Raised outside the handlers: the client's errors hold the address and would come as its context.
        raise failure

    def _not_connected(self, error: aiohttp.ClientConnectorError, place: str) -> SourceError:
        if isinstance(error.os_error, ConnectionRefusedError):
            return Unreachable(self._camera_id, streams.CONNECTION_REFUSED(place=place))
        why = error.os_error.strerror or type(error.os_error).__name__
        return Unreachable(self._camera_id, streams.CANNOT_BE_OPENED(place=place, error=why))

    async def _until(self, stop: threading.Event, target: URL, password: str | None, place: str) -> HttpPicture | None:
        fetching = asyncio.create_task(self._fetch(target, password, place))
        while not stop.is_set():
            done, _ = await asyncio.wait({fetching}, timeout=_LOOK_UP_S)
            if done:
                return fetching.result()
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
        return None

    async def _fetch(self, target: URL, password: str | None, place: str) -> HttpPicture:
        account = None if password is None else Account(self._source.username or "", password)
        timeout = aiohttp.ClientTimeout(total=self._source.timeout_s)
        async with camera_http.session(self._tls(), timeout) as session:
            login, hops = None, 0
            while True:
                ask = _ASK if login is None else _ASK | {hdrs.AUTHORIZATION: login}
                async with session.get(target, headers=ask, allow_redirects=False) as answer:
                    self._meter.add_bytes(sum(len(name) + len(value) + 4 for name, value in answer.raw_headers))
                    if answer.status in _REDIRECTS and hops < _MOST_HOPS:
                        target, hops, login = self._redirected(target, answer, place), hops + 1, None
                    elif answer.status == HTTPStatus.UNAUTHORIZED and account is not None and login is None:
                        challenges = answer.headers.getall(hdrs.WWW_AUTHENTICATE, [])
                        login = camera_http.login(challenges, account, "GET", target.raw_path_qs, may_be_basic=True)
                        if login is None:
                            return await self._picture(answer, place)
                    else:
                        return await self._picture(answer, place)

    def _redirected(self, target: URL, answer: aiohttp.ClientResponse, place: str) -> URL:
        """Returns where to ask next. A camera must not send this machine to another one."""
        goal = target.join(URL(answer.headers.get(hdrs.LOCATION, "")))
        if goal.origin() != target.origin():
            other = host_port(goal.host, goal.port or 0)
            raise NoPicture(self._camera_id, snapshots.REDIRECTED(place=place, goal=other))
        return goal

    async def _picture(self, answer: aiohttp.ClientResponse, place: str) -> HttpPicture:
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            is_sealed = self._source.password_sealed is not None
            refused = streams.SEALED_LOGIN_REFUSED if is_sealed else streams.LOGIN_REFUSED
            raise WrongCredentials(self._camera_id, refused(place=place))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotFound(self._camera_id, snapshots.NO_SUCH_PICTURE(place=place))
        if answer.status != HTTPStatus.OK:
            raise NoPicture(self._camera_id, snapshots.WRONG_STATUS(place=place, status=answer.status))
        kind = answer.content_type.lower()  # aiohttp says application/octet-stream where there is none
        if kind not in _TYPES:
            raise NoPicture(self._camera_id, snapshots.WRONG_TYPE(place=place, type=kind))
        return HttpPicture(
            await self._body(answer, place),
            answer.headers.get(hdrs.LAST_MODIFIED, ""),
            answer.headers.get(hdrs.DATE, ""),
        )

    async def _body(self, answer: aiohttp.ClientResponse, place: str) -> bytes:
        most = self._source.max_bytes
        try:
            return await camera_http.body(answer, most, self._meter.add_bytes)
        except camera_http.TooLongError as error:
            raise NoPicture(self._camera_id, snapshots.PICTURE_TOO_LARGE(place=place, most=most)) from error

    def _tls(self) -> ssl.SSLContext:
        """Trusts the given certificates alone, a camera's own one among them; without a file the system's."""
        tls = ssl.create_default_context(cafile=self._source.ca_file)
        tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return tls
