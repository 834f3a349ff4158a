"""Speaks GA/T 1400 to one superior: registers, keeps alive, sends. Every call ends in bounded time with a typed answer.

No redirect is followed, no proxy of the environment used, and an address that is this machine's own is refused unless
the configuration says that it is meant (`HttpLine`).
"""

from contextlib import AbstractAsyncContextManager
from typing import Final

import httpx

from center.notify.channels.https_client import HttpAnswer, HttpLine
from center.notify.lifecycle import AttemptOutcome
from center.viid_cascade import answers
from center.viid_cascade.answers import Reception, ViidAnswer
from center.viid_cascade.composing import PATHS, ViidMessage
from center.viid_cascade.objects import (
    DeviceRef,
    KeepaliveMessage,
    RegisterMessage,
    UnRegisterMessage,
    ViidObject,
    encode,
)
from provisioning.contracts.config.viid_cascade import ViidSuperior

CONTENT_TYPE: Final = "application/VIID+JSON;charset=UTF-8"
_REGISTER: Final = "/VIID/System/Register"
_UNREGISTER: Final = "/VIID/System/UnRegister"
_KEEPALIVE: Final = "/VIID/System/Keepalive"
_TIME: Final = "/VIID/System/Time"


class SuperiorClient:
    """Client of one superior. Belongs to one event loop."""

    def __init__(self, settings: ViidSuperior, password: str) -> None:
        """Reads the certificates.

        Raises:
            OSError: `ca_file` cannot be read or holds no certificate.
        """
        self._settings = settings
        self._password = password
        self._me = DeviceRef(device_id=settings.device_id)
        self._line = HttpLine(
            settings.url,
            allow_loopback=settings.allow_loopback,
            timeout_s=settings.timeout_s,
            ca_file=settings.ca_file,
        )

    def connected(self) -> AbstractAsyncContextManager[None]:
        """Keeps connections to the superior while `with` lasts."""
        return self._line.connected()

    async def register(self) -> ViidAnswer:
        """Registers with the password as a digest."""
        return await self._with_digest(_REGISTER, RegisterMessage(register_object=self._me))

    async def unregister(self) -> ViidAnswer:
        """Ends the registration, with the password as a digest."""
        return await self._with_digest(_UNREGISTER, UnRegisterMessage(unregister_object=self._me))

    async def keepalive(self) -> ViidAnswer:
        """Keeps the registration alive."""
        return answers.read(await self._post(_KEEPALIVE, encode(KeepaliveMessage(keepalive_object=self._me))))

    async def send(self, message: ViidMessage) -> ViidAnswer:
        """Sends the objects of one message."""
        return answers.read(await self._post(PATHS[message.kind], message.body), message.ids)

    async def server_id(self) -> str:
        """Asks for the code of the server; empty if it names none. The time beside it is not read."""
        answer = await self._line.request("GET", _TIME, b"", {"User-Identify": self._settings.device_id})
        return answers.server_id(answer)

    async def _with_digest(self, path: str, message: ViidObject) -> ViidAnswer:
        content = encode(message)
        answer = await self._post(path, content)
        if not isinstance(answer, HttpAnswer) or answer.status != httpx.codes.UNAUTHORIZED:
            return answers.read(answer)
        authorization = self._authorization(path, answer.challenge)
        if not authorization:
            return ViidAnswer(Reception.UNREGISTERED, "no_digest_challenge")
        return answers.read(await self._post(path, content, authorization))

    def _authorization(self, path: str, challenge: str) -> str:
        """Answers a challenge (RFC 7616, 2617 or 2069); empty if it is none that can be answered."""
        request = httpx.Request("POST", self._settings.url.rstrip("/") + path)
        flow = httpx.DigestAuth(self._settings.username, self._password).auth_flow(request)
        next(flow)
        try:  # a realm may be in Chinese: a header is bytes then
            refusal = httpx.Response(401, headers=[(b"WWW-Authenticate", challenge.encode())], request=request)
            return str(flow.send(refusal).headers["Authorization"])
        except (StopIteration, httpx.ProtocolError, NotImplementedError, LookupError, ValueError):
            return ""

    async def _post(self, path: str, content: bytes, authorization: str = "") -> HttpAnswer | AttemptOutcome:
        headers = {"Content-Type": CONTENT_TYPE, "User-Identify": self._settings.device_id}
        if authorization:
            headers["Authorization"] = authorization
        return await self._line.post(path, content, headers)
