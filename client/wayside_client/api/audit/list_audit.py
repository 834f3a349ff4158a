from typing import Any

import httpx
from wayside_client.center import AsyncCenter, Center

from ...models.audit_entry_view import AuditEntryView
from ...types import UNSET, Unset


def _get_kwargs(
    *,
    limit: int | Unset = 100,
    before: int | None | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    from_ms: int | None | Unset = UNSET,
    to_ms: int | None | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    json_before: int | None | Unset
    if isinstance(before, Unset):
        json_before = UNSET
    else:
        json_before = before
    params["before"] = json_before

    json_actor: None | str | Unset
    if isinstance(actor, Unset):
        json_actor = UNSET
    else:
        json_actor = actor
    params["actor"] = json_actor

    json_action: None | str | Unset
    if isinstance(action, Unset):
        json_action = UNSET
    else:
        json_action = action
    params["action"] = json_action

    json_from_ms: int | None | Unset
    if isinstance(from_ms, Unset):
        json_from_ms = UNSET
    else:
        json_from_ms = from_ms
    params["from_ms"] = json_from_ms

    json_to_ms: int | None | Unset
    if isinstance(to_ms, Unset):
        json_to_ms = UNSET
    else:
        json_to_ms = to_ms
    params["to_ms"] = json_to_ms

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/audit",
        "params": params,
    }

    return _kwargs


def _parse(response: httpx.Response) -> list[AuditEntryView]:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = AuditEntryView.from_dict(response_200_item_data)

            response_200.append(response_200_item)

        return response_200

    raise ValueError(f"status {response.status_code}")


def sync(
    center: Center,
    *,
    limit: int | Unset = 100,
    before: int | None | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    from_ms: int | None | Unset = UNSET,
    to_ms: int | None | Unset = UNSET,
) -> list[AuditEntryView]:
    """List entries, newest first. The audit records this request, too.

    Args:
        limit (int | Unset):  Default: 100.
        before (int | None | Unset): Older than this number.
        actor (None | str | Unset):
        action (None | str | Unset): Or the beginning of one.
        from_ms (int | None | Unset):
        to_ms (int | None | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return center.ask(
        _parse,
        **_get_kwargs(
            limit=limit,
            before=before,
            actor=actor,
            action=action,
            from_ms=from_ms,
            to_ms=to_ms,
        ),
    )


async def asyncio(
    center: AsyncCenter,
    *,
    limit: int | Unset = 100,
    before: int | None | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    action: None | str | Unset = UNSET,
    from_ms: int | None | Unset = UNSET,
    to_ms: int | None | Unset = UNSET,
) -> list[AuditEntryView]:
    """List entries, newest first. The audit records this request, too.

    Args:
        limit (int | Unset):  Default: 100.
        before (int | None | Unset): Older than this number.
        actor (None | str | Unset):
        action (None | str | Unset): Or the beginning of one.
        from_ms (int | None | Unset):
        to_ms (int | None | Unset):

    Raises:
        NotLoggedInError: `not_logged_in`
        ForbiddenError: `forbidden`
        TooLargeError: `too_large`
        InvalidRequestError: `invalid_request`
        UnavailableError: `store_unavailable`
    """

    return await center.ask(
        _parse,
        **_get_kwargs(
            limit=limit,
            before=before,
            actor=actor,
            action=action,
            from_ms=from_ms,
            to_ms=to_ms,
        ),
    )
