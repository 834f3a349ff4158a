"""The navigation leads to each page by a key of its own."""

from collections import Counter

from center.console.pages import NAVIGATION


def test_no_two_pages_have_the_same_key() -> None:
    keys = Counter(page.key for page in NAVIGATION if page.key)
    assert [key for key, count in keys.items() if count > 1] == []
