"""A site for each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from tests.support.exchange import Exchange
from tests.support.models import fetched_catalog
from tests.support.premises import Site


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Certificates and a place for processes, with a broker of the make that is asked for; ended afterwards."""
    built = Site(tmp_path, getattr(request, "param", Exchange))
    yield built
    built.close()


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """A broker that runs."""
    made = Exchange(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return fetched_catalog()
