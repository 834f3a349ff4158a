"""The centre's metrics while a browser has a page open."""

import pytest

from tests.e2e.conftest import Running, Visitor
from tests.support.scraping import Samples, parsed, scrape
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def test_open_pages_and_sessions_are_counted(visitor: Visitor, center: Running) -> None:
    def told() -> Samples:
        return parsed(scrape(center.metrics_port))

    assert (told()["wayside_center_open_pages",], told()["wayside_center_sessions",]) == (0, 0)
    visitor.set_up()
    until(lambda: told()["wayside_center_open_pages",] == 1, "the page is open", seen=told)
    assert told()["wayside_center_sessions",] == 1
    visitor.page.close()
    until(lambda: told()["wayside_center_open_pages",] == 0, "the page is closed", seen=told)
