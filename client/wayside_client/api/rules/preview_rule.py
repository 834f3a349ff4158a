from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.preview_view import PreviewView


def _get_kwargs(
    rule_id: int,
    version: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/rules/{rule_id}/versions/{version}/preview".format(
            rule_id=quote(str(rule_id), safe=""),
            version=quote(str(version), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> PreviewView:
    if response.status_code == 200:
        response_200 = PreviewView.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    rule_id: int,
    version: int,
) -> PreviewView:
    """Find what a version would have matched in the last 24 hours; stored, since no rule is switched on
    without it.

    Args:
        rule_id (int):
        version (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
            version=version,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    rule_id: int,
    version: int,
) -> PreviewView:
    """Find what a version would have matched in the last 24 hours; stored, since no rule is switched on
    without it.

    Args:
        rule_id (int):
        version (int):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `not_found` or `unknown_rule`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request` or `query_refused`
        UnavailableError: `query_denied` or `query_fault`
        UnavailableError: `store_unavailable` or `query_busy` or `query_unreachable`
        UnavailableError: `query_timeout`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            rule_id=rule_id,
            version=version,
        ),
    )
