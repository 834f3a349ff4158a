from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.chain_check_view import ChainCheckView


def _get_kwargs() -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/audit/verify",
    }

    return _kwargs


def _parse(response: httpx.Response) -> ChainCheckView:
    if response.status_code == 200:
        response_200 = ChainCheckView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
) -> ChainCheckView:
    """Check the whole chain. If you do not trust this machine, verify an export elsewhere, with a key of
    your own.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return center.ask(_parse, **_get_kwargs())


async def asyncio(
    center: AsyncCenter,
) -> ChainCheckView:
    """Check the whole chain. If you do not trust this machine, verify an export elsewhere, with a key of
    your own.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(_parse, **_get_kwargs())
