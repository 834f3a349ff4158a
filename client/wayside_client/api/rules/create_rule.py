from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_text import RuleText
from ...models.rule_view import RuleView


def _get_kwargs(
    *,
    body: RuleText,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/rules",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> RuleView:
    if response.status_code == 201:
        response_201 = RuleView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: RuleText,
) -> RuleView:
    """Make a rule, switched off.

    Args:
        body (RuleText): Content of one version of a rule, as its author writes it.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `too_many_rules` or `own_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `rule_beyond_sight`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    body: RuleText,
) -> RuleView:
    """Make a rule, switched off.

    Args:
        body (RuleText): Content of one version of a rule, as its author writes it.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `too_many_rules` or `own_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `rule_beyond_sight`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
