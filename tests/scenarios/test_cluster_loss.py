"""Four machines, one role each; whatever is killed under load, nothing is lost, nothing is there twice, and it goes on.

```
                          ┌ 127.0.0.3 parse ──── parser ✗, canary ┐
sender ─▶ Mosquitto ─▶ 127.0.0.2 business, head ✗                 │ four `wayside-cluster up`, each with its raylet;
            ▲             │  intake                               │ what is killed is started again after 2 s,
            └─ archived ──┤                                       │ as its unit would
                          ├ 127.0.0.4 archive ── archiver ✗, query│
                          └ 127.0.0.5 storage, stands in for ↑    ┘
```

Parser and canary are stubs: pictures are not what is tried here. `python -m bench.cluster.loss` has more kinds of loss.
"""

import sys
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from provisioning.contracts.config.cluster import IntakeStage
from ray_cluster.__main__ import app
from tests.support.custodian import Custodian
from tests.support.losses import Losses
from tests.support.nodes import Machines
from tests.support.premises import Site
from tests.support.waiting import until

pytestmark = [pytest.mark.losses, pytest.mark.peer, pytest.mark.ray, pytest.mark.timeout(600)]


@pytest.fixture
def machines(site: Site) -> Iterator[Machines]:
    four = Machines(site, {2: ["business"], 3: ["parse"], 4: ["archive"], 5: ["storage", "archive"]}, flush_ms=100)
    yield four
    four.close()


def test_a_replica_the_archivers_machine_and_the_head_are_killed_under_load(site: Site, machines: Machines) -> None:
    site.exchange.start()
    machines.start_all(300)
    custodian = Custodian(site.exchange.section("street"), "street", rate=25.0)
    custodian.start()
    try:
        losses = Losses(site, machines, custodian)
        _scaled_without_a_restart(machines)
        (archivers_machine,) = machines.replicas("archiver").values()
        losses.replica("parser")
        losses.fencing()
        losses.machine(archivers_machine, "machine of the archiver")
        losses.machine(machines.head, "head, with the intake")
        books = losses.books()
    finally:
        custodian.close()
    sys.stdout.write(f"{books}\n")

    assert books.acknowledged == books.sent
    assert (books.lost, books.doubled) == (0, 0)
    assert machines.down(machines.head) == 0
    assert "intakes that finished what they had: 1 of 1" in site.text(f"node-{machines.head}")


def test_the_intake_with_all_stages_in_its_process_is_killed_and_fenced_under_load(site: Site) -> None:
    site.exchange.start()
    stages = [stage.value for stage in IntakeStage]
    one = Machines(site, {2: ["business", "parse", "archive", "storage"]}, flush_ms=100, with_intake=stages)
    try:
        one.start_all(300)
        custodian = Custodian(site.exchange.section("street"), "street", rate=25.0)
        custodian.start()
        try:
            losses = Losses(site, one, custodian)
            assert not one.replicas("parser")
            assert not one.replicas("archiver")
            losses.replica("intake")
            losses.fencing()
            until(lambda: _told(one, "status", "--json") == 0, "the cluster is well", patience_s=90, step_s=1)
            assert _told(one, "scale", "parser", "2") == 2
            books = losses.books()
        finally:
            custodian.close()
        assert one.down(one.head) == 0
    finally:
        one.close()
    sys.stdout.write(f"{books}\n")

    assert books.acknowledged == books.sent
    assert (books.lost, books.doubled) == (0, 0)
    assert "intakes that finished what they had: 1 of 1" in site.text(f"node-{one.head}")


def _scaled_without_a_restart(machines: Machines) -> None:
    (parser,) = machines.replicas("parser")
    assert _told(machines, "scale", "parser", "2") == 0
    until(lambda: len(machines.replicas("parser")) == 2, "a second parser", patience_s=90, step_s=0.5)
    assert parser in machines.replicas("parser")
    until(lambda: _told(machines, "status", "--json") == 0, "the cluster is well", patience_s=90, step_s=1)


def _told(machines: Machines, *words: str) -> int:
    return CliRunner().invoke(app, [*words, "--config", str(machines.configs[machines.head])]).exit_code
