from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_file import RuleFile
from ...models.rule_view import RuleView


def _get_kwargs(
    *,
    body: RuleFile,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/rules/import",
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
    body: RuleFile,
) -> RuleView:
    """Make a rule of a file, switched off. Cameras that are not there are named, and nothing is made then.

    Args:
        body (RuleFile): A rule as a file. A centre refuses a `version` that it does not know.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `missing_cameras` or `too_many_rules` or `own_rule`
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
    body: RuleFile,
) -> RuleView:
    """Make a rule of a file, switched off. Cameras that are not there are named, and nothing is made then.

    Args:
        body (RuleFile): A rule as a file. A centre refuses a `version` that it does not know.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        ConflictError: `missing_cameras` or `too_many_rules` or `own_rule`
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
