"""Completes the OpenAPI document: FastAPI describes the routes, and this adds the guard's answers to each.

A route need not repeat what stands before all of them: how to log in, that a request without the permission is refused,
that a body may be too large.
"""

from typing import Any, Final

from center import credentials
from center.access.errors import ForbiddenError
from center.api.errors import documented
from center.errors import (
    CenterError,
    ForeignOriginError,
    NothingHereError,
    NotLoggedInError,
    StoreUnavailableError,
    TooLargeError,
)

_SCHEMES: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": credentials.SESSION,
        "description": "What `POST /login` sets.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "Of `POST /account/tokens`."},
}
_PROBLEM: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_WRITING: Final = frozenset({"post", "put", "patch", "delete"})


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Adds the guard's answers and the ways to log in to every operation. Changes `document`."""
    document["components"]["securitySchemes"] = _SCHEMES
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            guarded = "x-permission" in operation
            if guarded:
                operation["security"] = [{name: []} for name in _SCHEMES]
            responses = operation["responses"]
            for status, response in documented(*_answers(method, path, guarded=guarded)).items():
                own = responses.setdefault(str(status), {"description": "", "content": _PROBLEM})
                own["description"] = " or ".join(filter(None, (response["description"], own["description"])))
            if "422" in responses:
                # FastAPI documents its own shape; the real answer is that of `errors.install`.
                named = responses["422"]["description"].removeprefix("Validation Error")
                responses["422"] = {
                    "description": " or ".join(filter(None, (named, "`invalid_request`"))),
                    "content": _PROBLEM,
                }
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document


def _answers(method: str, path: str, *, guarded: bool) -> tuple[type[CenterError], ...]:
    kinds: list[type[CenterError]] = [TooLargeError]  # by its length, whatever the method
    if method in _WRITING:
        kinds.append(ForeignOriginError)
    if guarded:
        kinds += [NotLoggedInError, ForbiddenError, StoreUnavailableError]
    if "{" in path:
        kinds.append(NothingHereError)  # an id that no address can hold
    return tuple(kinds)
