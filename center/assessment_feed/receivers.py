"""Delivers the two files of a month: to a folder, or with PUT to an address. The signature goes first.

Who sees the document has its signature already; delivering both again changes nothing.
"""

import asyncio
from pathlib import Path
from typing import Final, Protocol

from center.assessment_feed.errors import FeedFailedError
from center.errors import StartError
from center.notify.channels.https_client import HttpLine
from center.notify.lifecycle import AttemptOutcome
from provisioning.contracts.config.assessment_feed import AssessmentFeed
from provisioning.contracts.config.processes import read_secret
from provisioning.files import durable

READABLE: Final = 0o644
"""Mode of delivered files: another program fetches them."""


class MonthReceiver(Protocol):
    """Takes files by name."""

    target: str

    async def put(self, month: str, name: str, content: bytes) -> None:
        """Delivers one of the two files of a month.

        Raises:
            FeedFailedError: it was not taken.
        """


class FolderReceiver:
    """A folder, each file of which appears whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.target = str(folder)

    async def put(self, month: str, name: str, content: bytes) -> None:
        """Writes one file, in a thread: the folder may be of another machine.

        Raises:
            FeedFailedError: the folder is missing, full, or may not be written.
        """
        try:
            await asyncio.to_thread(durable.write, self._folder / name, content, mode=READABLE)
        except OSError as error:
            raise FeedFailedError(month=month, target=self.target, cause=error.strerror or error) from error


class HttpsReceiver:
    """An address under which files are put."""

    def __init__(self, url: str, line: HttpLine, token: str) -> None:
        self._line = line
        self._token = token
        self.target = url

    async def put(self, month: str, name: str, content: bytes) -> None:
        """Puts one file.

        Raises:
            FeedFailedError: the answer is not 2xx, or there is none.
        """
        headers = {"Content-Type": "application/json" if name.endswith(".json") else "application/pkcs7-signature"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        answer = await self._line.request("PUT", f"/{name}", content, headers)
        if isinstance(answer, AttemptOutcome):
            raise FeedFailedError(month=month, target=self.target, cause=answer.code)
        if not 200 <= answer.status < 300:
            raise FeedFailedError(month=month, target=self.target, cause=f"http_{answer.status}")


def receiver_of(settings: AssessmentFeed) -> MonthReceiver:
    """Makes the receiver that is configured.

    Raises:
        ConfigError: the token's file cannot be used.
        StartError: the file of certificates cannot be used.
    """
    if settings.folder is not None:
        return FolderReceiver(settings.folder)
    url = settings.url or ""
    token = "" if settings.token_file is None else read_secret(settings.token_file)
    try:
        line = HttpLine(
            url, allow_loopback=settings.allow_loopback, timeout_s=settings.timeout_s, ca_file=settings.ca_file
        )
    except OSError as error:
        raise StartError(
            what=f"[assessment_feed]: {settings.ca_file} cannot be used ({error.strerror or error})",
            what_to_do="Give ca_file the certificates of the authority that issued the receiver's, in PEM",
        ) from error
    return HttpsReceiver(url, line, token)
