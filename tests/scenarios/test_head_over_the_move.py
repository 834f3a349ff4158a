"""A head whose power failed under the release before the modules moved comes back on this one, and goes on.

Serve keeps deployments in the head's `state_dir/gcs`: replicas and their configuration, by the names of old modules.
Each release is on Python's path alone, and not in the folder in which `up` starts: Ray's workers import from that, too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.custodian import Custodian
from tests.support.losses import Losses
from tests.support.nodes import ROOT, Machines
from tests.support.old_release import old_release, require_history
from tests.support.premises import Site
from tests.support.waiting import until

require_history()
pytestmark = [pytest.mark.peer, pytest.mark.ray, pytest.mark.timeout(600)]


@pytest.fixture
def machines(site: Site) -> Iterator[Machines]:
    one = Machines(site, {2: ["business", "parse", "archive"]}, flush_ms=100)
    yield one
    one.close()


def test_deployments_are_made_anew_by_their_new_names_and_nothing_is_lost(site: Site, machines: Machines) -> None:
    site.exchange.start()
    machines.tree = old_release()
    machines.start_all(300)
    custodian = Custodian(site.exchange.section("street"), "street", rate=5.0)
    custodian.start()
    try:
        until(lambda: len(custodian.acked_s) > 20, "the release before archives", patience_s=90)
        machines.kill(machines.head)
        assert _module_of("ArchiverReplica", machines.tree) in _state(site.root / "node-2/gcs")
        machines.tree = ROOT
        machines.start(machines.head)
        machines.wait_ready(300, times=2)
        books = Losses(site, machines, custodian).books()
    finally:
        custodian.close()
    assert books.acknowledged == books.sent
    assert books.sent > 20
    assert (books.lost, books.doubled) == (0, 0)


def _module_of(name: str, tree: Path) -> bytes:
    """Find the module that defines a class in a release; written here it would be rewritten by the move."""
    (file,) = (each for each in (tree / "ray_cluster").rglob("*.py") if f"\nclass {name}:" in each.read_text("utf-8"))
    return ".".join(file.relative_to(tree).with_suffix("").parts).encode()


def _state(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
