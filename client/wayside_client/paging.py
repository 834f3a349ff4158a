"""Goes through the pages of a list: `paged(list_alarms.sync, center, limit=200)` yields alarm after alarm."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from wayside_client.center import AsyncCenter, Center

Item_co = TypeVar("Item_co", covariant=True)
Item = TypeVar("Item")
Filters = ParamSpec("Filters")


class Page(Protocol[Item_co]):
    """One page of a list, as the API gives it; `next_cursor` is None on the last."""

    @property
    def items(self) -> Sequence[Item_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


def paged(
    operation: Callable[Concatenate[Center, Filters], Page[Item]],
    center: Center,
    *args: Filters.args,
    **kwargs: Filters.kwargs,
) -> Iterator[Item]:
    """Yields the items of all pages. The next page is asked for when its first item is.

    Args:
        operation: `sync` of a list that takes a `cursor`.
        center: to ask.
        args: of `operation`.
        kwargs: of `operation`: its filters, and perhaps `limit`, the items of a page.

    Raises:
        WaysideError: from the page that could not be had; what came before has been given.
    """
    ask = cast(Callable[..., Page[Item]], operation)
    following: dict[str, Any] = {}
    while True:
        page = ask(center, *args, **kwargs | following)
        yield from page.items
        if page.next_cursor is None:
            return
        following = {"cursor": page.next_cursor}


async def paged_async(
    operation: Callable[Concatenate[AsyncCenter, Filters], Awaitable[Page[Item]]],
    center: AsyncCenter,
    *args: Filters.args,
    **kwargs: Filters.kwargs,
) -> AsyncIterator[Item]:
    """Yields the items of all pages, as `paged`; `operation` is `asyncio` of a list."""
    ask = cast(Callable[..., Awaitable[Page[Item]]], operation)
    following: dict[str, Any] = {}
    while True:
        page = await ask(center, *args, **kwargs | following)
        for item in page.items:
            yield item
        if page.next_cursor is None:
            return
        following = {"cursor": page.next_cursor}
