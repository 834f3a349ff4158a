from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.machine_list import MachineList


def _get_kwargs(
    case_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/cases/{case_id}/sought".format(
            case_id=quote(str(case_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> MachineList:
    if response.status_code == 200:
        response_200 = MachineList.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    case_id: str,
) -> MachineList:
    """List the pictures of the sought machine.

    Args:
        case_id (str): The case's number.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    case_id: str,
) -> MachineList:
    """List the pictures of the sought machine.

    Args:
        case_id (str): The case's number.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_case`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            case_id=case_id,
        ),
    )
