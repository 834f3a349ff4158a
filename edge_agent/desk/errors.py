"""Defines the errors between `ingest` and a desk agent."""

from http import HTTPStatus
from typing import Final

from edge_agent.errors import EdgeError


class DeskError(EdgeError):
    """A desk agent cannot listen, or a recording cannot be brought there.

    Attributes:
        code: short word for programs; the refusals of docs/desk.md among them.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Refused(DeskError):
    """A request is refused by the desk agent."""

    @property
    def status(self) -> HTTPStatus:
        """Returns the HTTP status of the refusal."""
        return _STATUS.get(self.code, HTTPStatus.BAD_REQUEST)


_STATUS: Final = {
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "permit": HTTPStatus.UNAUTHORIZED,
    "permit_expired": HTTPStatus.UNAUTHORIZED,
    "permit_used": HTTPStatus.UNAUTHORIZED,
    "other_account": HTTPStatus.FORBIDDEN,
    "other_camera": HTTPStatus.FORBIDDEN,
    "other_origin": HTTPStatus.FORBIDDEN,
    "session_unknown": HTTPStatus.GONE,
    "not_found": HTTPStatus.NOT_FOUND,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "camera_unknown": HTTPStatus.NOT_FOUND,
    "paused": HTTPStatus.CONFLICT,
    "busy": HTTPStatus.CONFLICT,
    "gap": HTTPStatus.CONFLICT,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unknown_container": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "index_at_end": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "slow": HTTPStatus.REQUEST_TIMEOUT,
    "stopping": HTTPStatus.SERVICE_UNAVAILABLE,
}
