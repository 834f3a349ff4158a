from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.new_tactic import NewTactic
from ...models.tactic_view import TacticView


def _get_kwargs(
    *,
    body: NewTactic,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/tactics",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse(response: httpx.Response) -> TacticView:
    if response.status_code == 201:
        response_201 = TacticView.from_dict(response.json())

        return response_201

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    body: NewTactic,
) -> TacticView:
    """Share a version of a rule in the district of its cameras. A rule is made of it by `create_rule` with
    its text.

    Args:
        body (NewTactic): A version of a rule, which a district shares under a name.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_rule` or `unknown_district`
        ConflictError: `tactic_beyond_district` or `tactic_named` or `too_many_tactics`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
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
    body: NewTactic,
) -> TacticView:
    """Share a version of a rule in the district of its cameras. A rule is made of it by `create_rule` with
    its text.

    Args:
        body (NewTactic): A version of a rule, which a district shares under a name.

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `foreign_origin` or `forbidden`
        NotFoundError: `unknown_rule` or `unknown_district`
        ConflictError: `tactic_beyond_district` or `tactic_named` or `too_many_tactics`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            body=body,
        ),
    )
