"""The order of tests that share a machine."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put those marked `last` behind the others; pytest-randomly has shuffled before this."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
