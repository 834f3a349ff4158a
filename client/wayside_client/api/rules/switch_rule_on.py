from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_switch import RuleSwitch
from ...models.rule_view import RuleView


def _get_kwargs(
    rule_id: int,
    *,
    body: RuleSwitch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/rules/{rule_id}/on".format(
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
    body: RuleSwitch,
) -> RuleView:
    """Put the newest version in force, once it was previewed and found not to match everything.

    Args:
        rule_id (int):
        body (RuleSwitch): The version to switch on.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `rule_second_account`
        NotFoundError: `not_found` or `unknown_rule`
        ConflictError: `rule_changed` or `no_preview` or `blank_preview` or `rule_too_broad`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    body: RuleSwitch,
) -> RuleView:
    """Put the newest version in force, once it was previewed and found not to match everything.

    Args:
        rule_id (int):
        body (RuleSwitch): The version to switch on.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden` or `rule_second_account`
        NotFoundError: `not_found` or `unknown_rule`
        ConflictError: `rule_changed` or `no_preview` or `blank_preview` or `rule_too_broad`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
            body=body,
        ),
    )
