"""The line between a page and its centre, on which a test holds messages back."""

from functools import partial

from playwright.sync_api import Page, WebSocketRoute


class LateLine:
    """Carries the messages of a page in order. Those of a side that a test holds wait until it lets them go."""

    def __init__(self, page: Page) -> None:
        """Takes the line of what `page` opens from now on."""
        self._ends: dict[bool, WebSocketRoute] = {}
        self._waiting: dict[bool, list[str | bytes] | None] = {True: None, False: None}
        page.route_web_socket("**/_nicegui_ws/**", self._route)

    def hold(self, *, of_centre: bool) -> None:
        """Holds back what the centre says, or what the page says."""
        self._waiting[of_centre] = []

    def let_go(self, *, of_centre: bool) -> None:
        """Delivers what waited, and holds nothing more of this side."""
        waiting, self._waiting[of_centre] = self._waiting[of_centre], None
        for message in waiting or ():
            self._ends[not of_centre].send(message)

    def _route(self, page: WebSocketRoute) -> None:
        self._ends = {False: page, True: page.connect_to_server()}
        page.on_message(partial(self._carry, False))
        self._ends[True].on_message(partial(self._carry, True))

    def _carry(self, of_centre: bool, message: str | bytes) -> None:
        waiting = self._waiting[of_centre]
        if waiting is None:
            self._ends[not of_centre].send(message)
        else:
            waiting.append(message)
