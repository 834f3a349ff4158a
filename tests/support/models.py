"""Gives tests the real models, photographs and footage, as `make test` fetches them."""

import pytest

from engines.catalog.catalog import Catalog
from engines.manifest import Kind


def fetched_catalog() -> Catalog:
    """Returns the catalog; skips the test while a file is missing, which `tests/conftest.py` makes a failure in CI."""
    found = Catalog()
    wanted = [each for each in found.manifests() if each.kind is not Kind.CONSOLE]  # those lie with the console
    if missing := [each.name for each in wanted if not found.file(each.name).exists()]:
        kinds = "--kind model --kind audit --kind footage --kind photo"
        pytest.skip(f"run `wayside-engines fetch {kinds}`: {', '.join(missing)} missing")
    return found
