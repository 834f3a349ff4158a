"""A route that greets: it answers, and is refused without its permission and without a session."""

from collections.abc import Iterator

import httpx
import pytest

from tests.architecture.additions.tree import Tree
from tests.center.whole import ADMINISTRATOR, NOBODY, Whole, whole_centre

KIND = "an API route"
RUN_IN = "tests/center/api"


def add(tree: Tree) -> None:
    tree.write(
        "center/api/greetings.py",
        '''"""Routes of greetings."""

from fastapi import APIRouter

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.services import Asker

router = APIRouter(tags=["health"])


@router.get("/greeting", operation_id="get_greeting", openapi_extra=needs(Permission.HEALTH_VIEW))
async def greeting(asker: Asker) -> str:
    """Greet the user."""
    return f"good day, {asker.username}"
''',
    )
    router = "center/api/router.py"
    tree.before(router, "    health,\n    jobs,\n", "    greetings,\n")
    tree.before(router, "    health,\n    fleet,\n", "    greetings,\n")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        yield centre


def test_the_route_answers_and_is_refused_without_its_permission(whole: Whole) -> None:
    with whole.browser(ADMINISTRATOR) as browser:
        assert browser.get("/api/greeting").json() == f"good day, {ADMINISTRATOR}"
    with whole.browser(NOBODY) as browser:
        assert browser.get("/api/greeting").status_code == 403
    assert httpx.get(f"{whole.url}/api/greeting").status_code == 401
