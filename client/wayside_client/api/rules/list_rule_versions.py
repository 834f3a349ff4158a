from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_version_view import RuleVersionView


def _get_kwargs(
    rule_id: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/rules/{rule_id}/versions".format(
            rule_id=quote(str(rule_id), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[RuleVersionView]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = RuleVersionView.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    rule_id: int,
) -> list[RuleVersionView]:
    """List the versions of a rule, oldest first.

    Args:
        rule_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    rule_id: int,
) -> list[RuleVersionView]:
    """List the versions of a rule, oldest first.

    Args:
        rule_id (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        NotFoundError: `not_found` or `unknown_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
        ),
    )
