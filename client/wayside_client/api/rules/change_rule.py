from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_change import RuleChange
from ...models.rule_view import RuleView


def _get_kwargs(
    rule_id: int,
    *,
    body: RuleChange,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/rules/{rule_id}".format(
            rule_id=quote(str(rule_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> RuleView:
    if response.status_code == 200:
        response_200 = RuleView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    rule_id: int,
    *,
    body: RuleChange,
) -> RuleView:
    """Write a new version. The version in force stays so until this one is previewed and switched on.

    Args:
        rule_id (int):
        body (RuleChange): A new text for a rule, from a user who has read `version`.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_rule`
        ConflictError: `rule_changed` or `own_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `rule_beyond_sight`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
            body=body,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    rule_id: int,
    *,
    body: RuleChange,
) -> RuleView:
    """Write a new version. The version in force stays so until this one is previewed and switched on.

    Args:
        rule_id (int):
        body (RuleChange): A new text for a rule, from a user who has read `version`.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_rule`
        ConflictError: `rule_changed` or `own_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `rule_beyond_sight`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
            body=body,
        ),
    )
