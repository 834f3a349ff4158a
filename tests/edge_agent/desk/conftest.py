"""A desk agent that is open, and one whose redactor a test can hold up."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.edge_agent.desk.premises import Opened, Papers, Premises, is_listening
from tests.support.pki import Pki
from tests.support.waiting import until


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def papers(pki: Pki, tmp_path: Path) -> Papers:
    return Papers(pki, tmp_path)


@pytest.fixture
def opened(papers: Papers, tmp_path: Path) -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_one(*, folder: Path | None = None, **options: Any) -> Premises:
            premises = Premises(folder or tmp_path, papers, **options)
            stack.callback(premises.close)
            premises.open()
            until(lambda: is_listening(papers.port))
            return premises

        yield open_one


@pytest.fixture
def desk(opened: Opened) -> Premises:
    return opened()


@pytest.fixture(scope="session")
def closed_desk(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """One for those who are not let in: nothing is ever brought there."""
    folder = tmp_path_factory.mktemp("closed")
    papers = Papers(pki, folder)
    premises = Premises(folder, papers)
    premises.open()
    until(lambda: is_listening(papers.port))
    yield premises
    premises.close()
