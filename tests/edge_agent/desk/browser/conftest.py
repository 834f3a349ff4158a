"""A desk agent that takes files from the pages of a console."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.edge_agent.desk.browser import page
from tests.edge_agent.desk.browser.page import Page, Permits
from tests.edge_agent.desk.premises import CAMERA, Papers, Premises, is_listening
from tests.support.waiting import until


@pytest.fixture
def permits(tmp_path: Path) -> Permits:
    return Permits(tmp_path)


class Opened(Protocol):
    """Opens premises for browsers, and a page before them; both are closed when the test ends."""

    def __call__(self, **options: Any) -> Premises: ...


@pytest.fixture
def opened(papers: Papers, permits: Permits, tmp_path: Path) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_one(**options: Any) -> Premises:
            made = page.premises(tmp_path, papers, permits, **options)
            stack.callback(made.close)
            made.open()
            until(lambda: is_listening(papers.port))
            return made

        yield open_one


class Paged(Protocol):
    """Opens a page; closed when the test ends."""

    def __call__(self, camera_id: str = CAMERA, **options: Any) -> Page: ...


@pytest.fixture
def paged(papers: Papers, permits: Permits) -> Iterator[Paged]:
    with ExitStack() as stack:

        def open_one(camera_id: str = CAMERA, **options: Any) -> Page:
            made = Page(papers, permits, camera_id, **options)
            stack.callback(made.close)
            return made

        yield open_one
