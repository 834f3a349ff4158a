from typing import Any
from urllib.parse import quote

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.rule_file import RuleFile


def _get_kwargs(
    rule_id: int,
    version: int,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/rules/{rule_id}/versions/{version}/file".format(
            rule_id=quote(str(rule_id), safe=""),
            version=quote(str(version), safe=""),
        ),
    }

    return _kwargs


def _parse(response: httpx.Response) -> RuleFile:
    if response.status_code == 200:
        response_200 = RuleFile.from_dict(response.json())

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    rule_id: int,
    version: int,
) -> RuleFile:
    """Export a version as a file, which `import_rule` takes.

    Args:
        rule_id (int):
        version (int):

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
            version=version,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    rule_id: int,
    version: int,
) -> RuleFile:
    """Export a version as a file, which `import_rule` takes.

    Args:
        rule_id (int):
        version (int):

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
            version=version,
        ),
    )
