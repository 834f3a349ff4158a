"""Errors of the client: one class for each family of the centre's answers, with its code, its text and its remedy."""

import json
from typing import Final

import httpx


class WaysideError(Exception):
    """Base of everything that the client raises by itself.

    Attributes:
        code: stable word for programs.
        text: the cause, in English.
        remedy: the step that helps, in English; may be empty.
    """

    def __init__(self, code: str, text: str, remedy: str) -> None:
        self.code = code
        self.text = text
        self.remedy = remedy
        super().__init__(f"{text} {remedy}".strip())


class UnreachableError(WaysideError):
    """No answer came: no connection, a broken one, or none in time."""


class UnreadableAnswerError(WaysideError):
    """The answer is none that the API of this client's version gives, such as one without a field that it must have."""


class DownloadBrokenError(WaysideError):
    """The file that came is not the one that the centre names."""


class ProblemError(WaysideError):
    """The centre refused a request. Raised itself for a status of no family below.

    Attributes:
        status: of HTTP.
        retry_after_s: seconds after which the centre asks to try again; None where it names none.
    """

    def __init__(self, status: int, code: str, text: str, remedy: str, retry_after_s: int | None = None) -> None:
        super().__init__(code, text, remedy)
        self.status = status
        self.retry_after_s = retry_after_s


class NotLoggedInError(ProblemError):
    """401: neither session nor token, or one that has ended; or the wrong password."""


class ForbiddenError(ProblemError):
    """403: the account or its token lacks a permission."""


class NotFoundError(ProblemError):
    """404: it does not exist, or is out of the account's sight."""


class NoRouteError(NotFoundError):
    """404 of the address itself: no thing can have this id, or the centre is older than the route."""


class ConflictError(ProblemError):
    """409: it is in another state than the request means. Read it again, decide again."""


class GoneError(ProblemError):
    """410: it was there, and has been erased."""


class TooLargeError(ProblemError):
    """413: the body is larger than the centre takes."""


class InvalidRequestError(ProblemError):
    """422: the request makes no sense, or asks too much for one answer."""


class TooManyRequestsError(ProblemError):
    """429: too many failed log-ins, streams or exports."""


class UnavailableError(ProblemError):
    """502, 503, 504: the centre, or something that it depends on, is away or busy."""


_FAMILIES: Final[dict[int, type[ProblemError]]] = {
    401: NotLoggedInError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    413: TooLargeError,
    422: InvalidRequestError,
    429: TooManyRequestsError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}
_NO_ROUTE: Final = "not_found"


def problem_of(response: httpx.Response) -> ProblemError:
    """Makes the error of an answer that is not 2xx and has been read to its end."""
    status = response.status_code
    seconds = response.headers.get("Retry-After", "")
    retry_after_s = int(seconds) if seconds.isdecimal() else None
    try:
        body = json.loads(response.content)
        code, text, remedy = str(body["code"]), str(body["message"]), str(body["remedy"])
    except (ValueError, TypeError, KeyError):
        code, text = f"http_{status}", f"{response.url} answered {status}, and not as a centre does."
        remedy = "Check the address of the centre, and the proxy before it."
    if code == _NO_ROUTE and status == httpx.codes.NOT_FOUND:
        request = response.request
        return NoRouteError(
            status,
            code,
            f"The centre has nothing at {request.method} {request.url.path}.",
            "Check the id. If it can be right, the centre is older than this client: update it, or use its client.",
            retry_after_s,
        )
    return _FAMILIES.get(status, ProblemError)(status, code, text, remedy, retry_after_s)


def unreadable(response: httpx.Response, fault: Exception) -> UnreadableAnswerError:
    """Makes the error of a 2xx answer that cannot be read because of `fault`."""
    lacking = isinstance(fault, KeyError)
    cause = f"the field {fault} is missing" if lacking else f"{type(fault).__name__}: {fault}"
    request = response.request
    return UnreadableAnswerError(
        "unreadable_answer",
        f"The answer to {request.method} {request.url.path} is of another version of the API: {cause}.",
        "Use the wayside-client of the centre's version.",
    )


def unreachable(request: httpx.Request, fault: httpx.RequestError) -> UnreachableError:
    """Makes the error of a request that got no answer because of `fault`."""
    return UnreachableError(
        "unreachable",
        f"{request.url.scheme}://{request.url.netloc.decode('ascii')} gave no answer to {request.method} "
        f"{request.url.path} ({type(fault).__name__}: {fault}).",
        "Check that the centre runs and can be reached from here.",
    )
