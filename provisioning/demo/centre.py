"""Drives the centre's API as its administrator: sets it up, logs in and reads observations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.wire.messages import Box, MachineClass, PictureState
from provisioning.demo.web import WebClient, WebError

USER: Final = "demo"
_PAGE: Final = 200


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ListedMachine(_Read):
    """A machine of an observation; `box` in pixels of its picture."""

    cls: MachineClass
    score: float
    box: Box


class ListedObservation(_Read):
    """An observation as the API lists it, without the fields that the demo ignores."""

    row_key: str
    camera_id: str
    captured_at_ms: int
    committed_at_ms: int
    picture: PictureState
    machines: tuple[ListedMachine, ...]


class _Page(_Read):
    items: tuple[ListedObservation, ...]
    next_cursor: str | None


class Centre:
    """The centre's API, used as its administrator."""

    def __init__(self, url: str) -> None:
        self.site = WebClient(url)
        self.url = url

    def is_up(self) -> bool:
        """True once the API answers; its dependencies may still be starting."""
        return self.site.is_up("/api/health")

    def enter(self, setup_code_file: Path, password_file: Path) -> None:
        """Logs in; the first time, creates the administrator with the one-time code before that.

        Raises:
            WebError: refused.
            ConfigError: a secret cannot be read.
        """
        account = {"username": USER, "password": read_secret(password_file)}
        if setup_code_file.exists():
            self.site.post("/api/setup", account | {"code": read_secret(setup_code_file)})
        self.site.post("/api/login", account)

    def has_rows(self) -> bool:
        """True once the API lists an observation. False too while the archive is not up."""
        try:
            return bool(self._page([("limit", 1)]).items)
        except WebError as error:
            if error.status in {502, 503, 504}:
                return False
            raise

    def observations(self) -> Iterator[ListedObservation]:
        """Yields every observation, newest first, by following the cursor.

        Raises:
            WebError: no answer, or an unreadable one.
        """
        cursor: str | None = None
        while True:
            page = self._page([("limit", _PAGE), *([("cursor", cursor)] if cursor else [])])
            yield from page.items
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def page(self, query: list[tuple[str, str | int]]) -> tuple[ListedObservation, ...]:
        """Returns the first page of a search, newest first.

        Raises:
            WebError: no answer, or an unreadable one.
        """
        return self._page(query).items

    def picture(self, row_key: str) -> bytes:
        """Returns the redacted picture, a JPEG."""
        return self.site.get(f"/api/observations/{row_key}/picture")

    def _page(self, query: list[tuple[str, str | int]]) -> _Page:
        try:
            return _Page.model_validate(self.site.get_json("/api/observations", query))
        except ValidationError as error:
            raise WebError(
                f"{self.url}/api/observations: not a page of observations ({error.error_count()} faults)"
            ) from error
