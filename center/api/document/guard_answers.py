"""Completes the OpenAPI document: FastAPI describes the routes, and this adds the guard's answers to each.

A route need not repeat what stands before all of them: how to log in, that a request without the permission is refused,
that a body may be too large.
"""

from typing import Any, Final

from center import credentials
from center.access.errors import ForbiddenError
from center.alarms.views import AlarmPush
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
_INVALID: Final = {"description": "`invalid_request`", "x-codes": ["invalid_request"]}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Adds the guard's answers and the ways to log in to every operation, and what streams send. Changes `document`."""
    document["components"]["securitySchemes"] = _SCHEMES
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            guarded = "x-permission" in operation
            if guarded:
                operation["security"] = [{name: []} for name in _SCHEMES]
            responses = operation["responses"]
            for status, response in documented(*_answers(method, path, guarded=guarded)).items():
                _add(responses, str(status), response)
            if "422" in responses:
                # FastAPI documents its own shape; the real answer is that of `errors.install`.
                if "x-codes" not in responses["422"]:
                    del responses["422"]
                _add(responses, "422", _INVALID)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    streamed = AlarmPush.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    for name, schema in (streamed.pop("$defs") | {AlarmPush.__name__: streamed}).items():
        schemas.setdefault(name, schema)
    return document


def _add(responses: dict[str, Any], status: str, response: dict[str, Any]) -> None:
    """Adds the errors of a status to those that the route itself has of it, the guard's first."""
    own = responses.get(status, {})
    texts = (response["description"], own.get("description"))
    responses[status] = {
        **own,
        "description": " or ".join(filter(None, texts)),
        "x-codes": [*response["x-codes"], *own.get("x-codes", ())],
        "content": _PROBLEM,
    }


def _answers(method: str, path: str, *, guarded: bool) -> tuple[type[CenterError], ...]:
    kinds: list[type[CenterError]] = [TooLargeError]  # by its length, whatever the method
    if method in _WRITING:
        kinds.append(ForeignOriginError)
    if guarded:
        kinds += [NotLoggedInError, ForbiddenError, StoreUnavailableError]
    if "{" in path:
        kinds.append(NothingHereError)  # an id that no address can hold
    return tuple(kinds)
