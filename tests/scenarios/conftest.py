"""A site for each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from engines.manifest import Kind
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
    wanted = [each for each in found.manifests() if each.kind is not Kind.CONSOLE]  # those lie with the console
    missing = [each.name for each in wanted if not found.file(each.name).exists()]
    if missing:
        pytest.skip(f"run `wayside-engines fetch` for {', '.join(missing)}")
    return found
