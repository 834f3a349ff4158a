"""Agent, broker and archiver killed while snapshots flow: nothing is lost, nothing is there twice.

120 of them each time, so that some are still to come after the last kill; 500 with `make chaos`, most of whose minutes
are their redaction.

```
N pictures   ──▶ wayside-edge ──▶ Mosquitto ──▶ intake ─▶ parser ─▶ canary ─▶ archiver ──▶ packs + LanceDB
                   ✗ -9              ✗ -9, back empty                             ✗ -9
```
"""

import json
import os
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engines.catalog.catalog import Catalog
from tests.support.exchange import Exchange
from tests.support.flashmq import FlashMq
from tests.support.premises import Site
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(900)]

AGENT = "cabinet-7"
ARCHIVER = "ServeReplica:wayside:archiver"


def _folder(root: Path, catalog: Catalog, count: int) -> Path:
    """The street clip twice, once mirrored; small and nearly square, which is the cheapest picture to redact."""
    folder = root / "pictures"
    folder.mkdir()
    capture = cv2.VideoCapture(str(catalog.path("bikes")))
    number = 0
    while number < count:
        read, image = capture.read()
        assert read
        small = cv2.resize(image[:, 150:470], (168, 144), interpolation=cv2.INTER_AREA)
        for picture in (small, np.ascontiguousarray(small[:, ::-1])):
            cv2.imwrite(str(folder / f"{number:04}.jpg"), picture)
            number += 1
    return folder


def _pids(title: str) -> list[int]:
    """Processes of this machine whose command line contains `title`; not those of a machine inside it."""
    found, own = [], Path("/proc/self/ns/pid").readlink()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
                is_here = (entry / "ns/pid").readlink() == own
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it ended while we looked, or is the sandbox's own
            if is_here and title in line:
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize(
    ("site", "count"),
    [
        pytest.param(Exchange, 120, id="mosquitto"),
        pytest.param(Exchange, 500, id="mosquitto-long", marks=pytest.mark.losses),
        pytest.param(FlashMq, 120, id="flashmq", marks=[pytest.mark.losses, pytest.mark.unpackaged]),
    ],
    indirect=["site"],
)
def test_three_kills_and_the_ledger_adds_up(site: Site, catalog: Catalog, count: int) -> None:
    site.exchange.start()
    before = set(_pids(ARCHIVER))
    cluster = site.start_cluster()
    pictures = _folder(site.root, catalog, count)
    config = site.edge_config(
        AGENT,
        [
            {
                "id": "gate",
                "source": {
                    "kind": "replay", "path": str(pictures), "started_at_ms": _minutes_ago(30),
                    "realtime": False,
                },
                "selector": {"change_threshold": 0.0, "max_per_second": 25.0},
            }
        ],
        redactor={"overflow": "block", "timeout_s": 120.0},
        window={"resend_after_s": 5.0},
    )  # fmt: skip
    site.start_agent(AGENT, config)

    def archived(at_least: int) -> bool:
        return bool(site.ledger(config)["archived"] >= at_least)

    until(lambda: archived(count // 5), "a fifth are archived", patience_s=180, step_s=0.5)
    site.kill(AGENT)
    site.start_agent(AGENT, config)

    until(lambda: archived(2 * count // 5), "two fifths are archived", patience_s=180, step_s=0.5)
    site.exchange.kill()
    site.exchange.start()

    until(lambda: archived(3 * count // 5), "three fifths are archived", patience_s=180, step_s=0.5)
    (archiver,) = set(_pids(ARCHIVER)) - before
    os.kill(archiver, signal.SIGKILL)

    until(lambda: archived(count), "every snapshot is archived", patience_s=300, step_s=1)
    until(lambda: site.ledger(config)["in_flight"] == 0, "nothing is in flight", step_s=1)
    ledger, status = site.ledger(config), site.query(cluster, "/status")

    assert (set(_pids(ARCHIVER)) - before) != {archiver}
    _adds_up(ledger, status, count)
    _is_told_to_prometheus(site.root / "metrics", archiver, count)


def _adds_up(ledger: dict[str, Any], status: dict[str, Any], count: int) -> None:
    assert ledger["archived"] == count
    assert ledger["rejected"] == 0
    assert set(ledger["dropped"]) <= {"duplicate", "interrupted"}, "only the agent's own restart left a trace"
    assert ledger["selected"] == ledger["archived"] + sum(ledger["dropped"].values())
    assert status["rows"] == count, "0 lost"
    assert status["distinct_ids"] == count, "0 duplicates"
    assert status["leaks"] == 0


def _is_told_to_prometheus(targets: Path, killed: int, count: int) -> None:
    """Each replica at its own door; the killed one's is forgotten."""
    told: dict[tuple[str, ...], float] = {}
    names = {file.name for file in targets.iterdir()}
    assert f"archive-{killed}.json" not in names
    assert sorted(name.partition("-")[0] for name in names) == ["archive", "intake", "query"]
    for name in names:
        (group,) = json.loads((targets / name).read_text(encoding="utf-8"))
        (place,) = group["targets"]
        with urllib.request.urlopen(f"http://{place}/metrics", timeout=LONG_S) as answer:
            for family in text_string_to_metric_families(answer.read().decode()):
                told |= {(sample.name, *sample.labels.values()): sample.value for sample in family.samples}
    assert told["wayside_intake_archived_total",] + told["wayside_intake_duplicates_total",] >= count
    assert told["wayside_hop_seconds_count", "total"] == told["wayside_intake_archived_total",]
    assert 0 < told["wayside_archive_rows_total",] < count  # the second archiver's alone


def _minutes_ago(minutes: int) -> int:

    return int(time.time() * 1000) - minutes * 60_000
