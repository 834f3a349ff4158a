"""Typed client of the API of a Wayside centre.

`wayside_client.api` has a module for each operation, with `sync` and `asyncio`; `wayside_client.models` has what they
take and give. Both, and `types`, are generated from `openapi.json` of the same version; the rest is written by hand.
"""

from wayside_client.alarm_stream import follow_alarms, follow_alarms_async
from wayside_client.center import AsyncCenter, Center
from wayside_client.downloads import save_export, save_export_async
from wayside_client.errors import (
    ConflictError,
    DownloadBrokenError,
    ForbiddenError,
    GoneError,
    InvalidRequestError,
    NoRouteError,
    NotFoundError,
    NotLoggedInError,
    ProblemError,
    TooLargeError,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
    UnreadableAnswerError,
    WaysideError,
)
from wayside_client.paging import paged, paged_async
from wayside_client.retries import Retries

__all__ = [
    "AsyncCenter",
    "Center",
    "ConflictError",
    "DownloadBrokenError",
    "ForbiddenError",
    "GoneError",
    "InvalidRequestError",
    "NoRouteError",
    "NotFoundError",
    "NotLoggedInError",
    "ProblemError",
    "Retries",
    "TooLargeError",
    "TooManyRequestsError",
    "UnavailableError",
    "UnreachableError",
    "UnreadableAnswerError",
    "WaysideError",
    "follow_alarms",
    "follow_alarms_async",
    "paged",
    "paged_async",
    "save_export",
    "save_export_async",
]
