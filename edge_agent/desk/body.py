"""Reads the body of a request as it comes, bounded in silence, time and size."""

import asyncio

from aiohttp import web

from edge_agent.desk.errors import Refused
from edge_agent.desk.http_server import DeskLimits

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class UploadBody:
    """Reads one request's body. Its methods raise Refused: `slow`, `too_large`, `malformed`, or `gone`."""

    def __init__(self, request: web.BaseRequest, limits: DeskLimits) -> None:
        if (request.content_length or 0) > limits.upload_bytes:
            raise _too_large(limits)
        self._request = request
        self._limits = limits
        self._ends_s = asyncio.get_running_loop().time() + limits.upload_s
        self._taken = 0
        self.is_over = False
        """True once the last of the body has been taken."""

    def invite(self) -> None:
        """Sends `100 Continue` to a client that waits for it: a refusal comes before the recording does."""
        if self._request.headers.get("Expect", "").lower() == "100-continue" and self._request.transport is not None:
            self._request.transport.write(_CONTINUE)

    async def read_some(self) -> bytes:
        """Returns what has come; waits for the first of it. Empty at the end."""
        now_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now_s + self._limits.silence_s, self._ends_s)):
                data = await self._request.content.readany()
        except TimeoutError as error:
            raise Refused(
                "slow", f"nothing came for {self._limits.silence_s:g} s, or it took over {self._limits.upload_s:g} s"
            ) from error
        except web.RequestPayloadError as error:
            raise Refused("malformed", "the request's transfer coding is broken") from error
        except ConnectionError as error:
            raise Refused("gone", "the connection ended before the recording did") from error
        self._taken += len(data)
        if self._taken > self._limits.upload_bytes:
            raise _too_large(self._limits)
        self.is_over = not data
        return data


def _too_large(limits: DeskLimits) -> Refused:
    return Refused("too_large", f"an upload has at most {limits.upload_bytes >> 30} GiB: cut the recording in two")
