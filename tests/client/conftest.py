"""A centre that serves, and an account whose token a program shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from center.access.permissions import Role
from center.access.users import GrantRequest
from tests.center.whole import ADMINISTRATOR, PASSWORD, Whole, whole_centre

ANALYST = "ana"
SCOPES = ("camera.view", "observation.search", "observation.view", "alarm.view", "case.view", "evidence.export")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        centre.services.users.add(ANALYST, PASSWORD, [GrantRequest(Role.ANALYST)], actor=ADMINISTRATOR)
        centre.services.users.add("sue", PASSWORD, [GrantRequest(Role.SUPERVISOR)], actor=ADMINISTRATOR)
        yield centre


@pytest.fixture(scope="module")
def token_file(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("token") / "token"
    with whole.browser(ANALYST) as browser:
        asked = {"password": PASSWORD, "name": "a program", "days": 1, "scopes": SCOPES}
        file.write_text(browser.post("/api/account/tokens", json=asked).raise_for_status().json()["token"] + "\n")
    return file


@pytest.fixture
def token(token_file: Path) -> str:
    return token_file.read_text().strip()
