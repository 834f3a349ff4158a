"""requirements.lock holds one version of a package for every Python: tests run on one of them alone."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPLIT = {
    "numpy",  # no version of it runs on 3.11 and is the current one of 3.13
    "pymdown-extensions",  # draws these pages, and runs on no machine of a site
}


def test_a_package_has_the_same_version_on_every_python() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = Counter(found[1] for line in lines if (found := re.match(r"([a-z0-9._-]+)==", line)))
    assert {name for name, count in pins.items() if count > 1} == SPLIT
