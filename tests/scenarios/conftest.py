"""A site for each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from tests.support.premises import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Certificates and a place for processes; everything is ended afterwards."""
    built = Site(tmp_path)
    yield built
    built.close()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The models, photographs and footage that `make test` fetches."""
    found = Catalog()
    missing = [m.name for m in found.manifests() if not found.file(m.name).exists()]
    if missing:
        pytest.skip(f"run `wayside-engines fetch` for {', '.join(missing)}")
    return found
