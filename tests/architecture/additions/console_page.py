"""A page with a greeting: it opens, the navigation has it, and it is refused without its permission."""

from collections.abc import Iterator

import pytest

from tests.architecture.additions.tree import Tree
from tests.center.whole import ADMINISTRATOR, NOBODY, Whole, whole_centre

KIND = "a console page"
RUN_IN = "tests/center/console"


def add(tree: Tree) -> None:
    tree.write(
        "center/console/system/greeting.py",
        '''"""Draws a greeting."""

from starlette.requests import Request

from center.console.frame import frame
from center.console.widgets.markup import words


def greeting(request: Request) -> None:
    """Draws the page `/greeting`."""
    with frame(request, title="Greeting", active="/greeting"):
        words("h1", "Good day to you")
''',
    )
    pages = "center/console/pages.py"
    tree.replace(pages, "    assessment,\n    low_quality,\n", "    assessment,\n    greeting,\n    low_quality,\n")
    tree.before(
        pages,
        '    ConsolePage("/account",',
        '    ConsolePage("/greeting", Permission.HEALTH_VIEW, greeting.greeting, marked("Greeting"), "y"),\n',
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        yield centre


def test_the_page_opens_and_is_refused_without_its_permission(whole: Whole) -> None:
    with whole.browser(ADMINISTRATOR) as browser:
        assert "Good day to you" in browser.get("/greeting").raise_for_status().text
        assert "/greeting" in browser.get("/settings").raise_for_status().text
    with whole.browser(NOBODY) as browser:
        refused = browser.get("/greeting")
    assert refused.status_code == 403
    assert "Good day" not in refused.text
