"""A site for each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from tests.support.models import fetched_catalog
from tests.support.premises import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Certificates and a place for processes; everything is ended afterwards."""
    built = Site(tmp_path)
    yield built
    built.close()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return fetched_catalog()
