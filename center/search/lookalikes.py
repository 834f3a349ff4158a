"""Queries the archive for look-alikes, in approved cases alone. Only `center.cases` calls it."""

from typing import Final

from pydantic import ValidationError

from center.errors import QueryFaultError, QueryUnreachableError
from center.search.client import Search
from provisioning.contracts.query.lookalike import LookalikePage, LookalikeRequest
from provisioning.contracts.query.standing import StandingAnswer, StandingRequest

LOOKALIKE_TIMEOUT_S: Final = 60.0
"""Seconds for a month of days, each searched for up to eight pictures of the machine."""


async def lookalikes(search: Search, request: LookalikeRequest) -> LookalikePage:
    """Searches for look-alikes and returns the whole answer, for a case that stands in the audit already.

    Raises:
        NotComparableError: a machine of the request has no vector, or is not in the archive any more.
        QueryError, QueryRefusedError: no answer.
    """
    body = request.model_dump_json().encode()
    lines = await search.posted("/lookalikes", body, timeout_s=LOOKALIKE_TIMEOUT_S)
    try:
        page = LookalikePage.model_validate_json(lines.rstrip(b"\n").rpartition(b"\n")[2])
    except ValidationError as error:
        raise QueryFaultError(url="/lookalikes", cause="not a valid LookalikePage") from error
    if not page.final:
        raise QueryUnreachableError(url="/lookalikes", cause="the answer was cut off")
    return page


async def standing(search: Search, request: StandingRequest) -> StandingAnswer:
    """Compares fresh rows with what approved cases seek. No user asks: each case's approval in the audit covers it.

    Raises:
        QueryError, QueryRefusedError: no answer.
    """
    answer = await search.posted("/standing", request.model_dump_json().encode())
    try:
        return StandingAnswer.model_validate_json(answer)
    except ValidationError as error:
        raise QueryFaultError(url="/standing", cause="not a valid StandingAnswer") from error
