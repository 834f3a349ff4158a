"""The OpenAPI document: what FastAPI makes of the routes, and what the guard adds to each of them.

No route has to say for itself what stands before all of them: who may log in how, that somebody without the permission
is refused, that a body may be too large.
"""

from typing import Any, Final

from center.access import cookies
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
        "name": cookies.SESSION,
        "description": "What `POST /login` sets.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "Of `POST /account/tokens`."},
}
_PROBLEM: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_WRITING: Final = frozenset({"post", "put", "patch", "delete"})


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Add to every operation what the guard may answer, and how to get past it. `document` is changed."""
    document["components"]["securitySchemes"] = _SCHEMES
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            guarded = "x-permission" in operation
            if guarded:
                operation["security"] = [{name: []} for name in _SCHEMES]
            responses = operation["responses"]
            for status, response in documented(*_answers(method, path, guarded=guarded)).items():
                responses.setdefault(str(status), {"description": response["description"], "content": _PROBLEM})
            if "422" in responses:
                # FastAPI names a shape of its own; what answers is `problems.install`.
                named = responses["422"]["description"].removeprefix("Validation Error")
                responses["422"] = {
                    "description": " or ".join(filter(None, (named, "`invalid_request`"))),
                    "content": _PROBLEM,
                }
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document


def _answers(method: str, path: str, *, guarded: bool) -> tuple[type[CenterError], ...]:
    kinds: list[type[CenterError]] = [TooLargeError]  # said of its length, whatever the method
    if method in _WRITING:
        kinds.append(ForeignOriginError)
    if guarded:
        kinds += [NotLoggedInError, ForbiddenError, StoreUnavailableError]
    if "{" in path:
        kinds.append(NothingHereError)  # an id that no address can hold
    return tuple(kinds)
