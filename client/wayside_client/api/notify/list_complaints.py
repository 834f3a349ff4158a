from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.ledger_view import LedgerView
from ...types import UNSET, Unset


def _get_kwargs(
    channel: str,
    *,
    before: int | None | Unset = UNSET,
    limit: int | Unset = 50,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_before: int | None | Unset
    if isinstance(before, Unset):
        json_before = UNSET
    else:
        json_before = before
    params["before"] = json_before

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/notify/sms/{channel}/complaints".format(
            channel=quote(str(channel), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> LedgerView:
    if response.status_code == 200:
        response_200 = LedgerView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    channel: str,
    *,
    before: int | None | Unset = UNSET,
    limit: int | Unset = 50,
) -> LedgerView:
    """List complaints, newest first, and all suspensions. Follow `next_before` for the next page.

    Args:
        channel (str):
        before (int | None | Unset):
        limit (int | Unset):  Default: 50.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            before=before,
            limit=limit,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    channel: str,
    *,
    before: int | None | Unset = UNSET,
    limit: int | Unset = 50,
) -> LedgerView:
    """List complaints, newest first, and all suspensions. Follow `next_before` for the next page.

    Args:
        channel (str):
        before (int | None | Unset):
        limit (int | Unset):  Default: 50.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `no_sms_channel`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            channel=channel,
            before=before,
            limit=limit,
        ),
    )
