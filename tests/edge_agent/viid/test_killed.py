"""A device was told that its picture is safe, and then the agent is killed: the picture is gone, and named.

```
device ──picture──▶ agent (process) ✗ -9      its ledger, after the next start: selected 1, dropped interrupted 1
       ◀── 200 ───┘
```
"""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cv2
import pytest

from edge_agent.clock import SystemClock
from edge_agent.health.pauses import Pauses
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import Ledger
from tests.edge_agent.premises import running
from tests.edge_agent.viid.device import DEVICE, PASSWORD, USER, Device, sub_image, two_wheeler
from tests.edge_agent.viid.serving import SERVER_ID
from tests.edge_agent.world import edge_config, noise
from tests.support.exchange import Exchange, listens
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

PATH = "/VIID/NonMotorVehicles"
SHOT = datetime.now(timezone(timedelta(hours=8))).strftime("%Y%m%d%H%M%S")
"""A device says when it took a picture, so that one that is sent again is the same observation."""


@pytest.fixture
def edge(tmp_path: Path) -> processes.EdgeConfig:
    """One camera whose device pushes; no broker is there."""
    password = tmp_path / "gate.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    source = processes.ViidSource(device_id=DEVICE, username=USER, password_file=password)
    viid = {"host": "127.0.0.1", "port": free_port(), "server_id": SERVER_ID}
    broker = Exchange(tmp_path).section("street").model_dump()
    return edge_config(tmp_path, processes.Camera(id="gate", source=source), viid=viid, broker=broker)


def picture(seed: int) -> bytes:
    return cv2.imencode(".jpg", noise(seed))[1].tobytes()


@contextmanager
def registered(edge: processes.EdgeConfig) -> Iterator[Device]:
    assert edge.viid is not None
    port = edge.viid.port
    until(lambda: listens(port), "the server of the agent")  # it is ready before its servers are
    with Device(port) as device:
        assert device.register().code == 0
        yield device


def push(device: Device, *seeds: int) -> None:
    images = [sub_image(picture(seed), ImageID=f"{seed:041}", ShotTime=SHOT) for seed in seeds]
    reply = device.post(PATH, two_wheeler(*images))
    assert reply.status == 200
    assert [code for _, code in reply.codes] == [0], "it may forget its pictures"


def ledger(edge: processes.EdgeConfig) -> Ledger:
    """As an agent that starts finds it."""
    spool = Spool(edge.spool, SystemClock())
    found = spool.ledgers()["gate"]
    spool.close()
    return found


def test_what_waited_in_a_killed_agent_is_named_and_of_its_picture_nothing_is_on_the_disk(
    tmp_path: Path, edge: processes.EdgeConfig
) -> None:
    Pauses(edge.spool.directory).pause("gate")  # so that pictures wait
    with running(tmp_path, edge) as agent, registered(edge) as device:
        push(device, 1, 2, 3)
        agent.kill()
        agent.wait(LONG_S)
    for file in edge.spool.directory.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"\xff\xd8\xff" not in content
            assert base64.b64encode(picture(1))[:64] not in content
    found = ledger(edge)
    assert (found.selected, found.spooled, found.dropped, found.in_flight) == (3, 0, {"interrupted": 3}, 0)


def test_killed_while_it_works_each_picture_is_spooled_or_named_and_sent_again_it_is_taken(
    tmp_path: Path, edge: processes.EdgeConfig
) -> None:
    seeds = range(24)
    with running(tmp_path, edge) as agent, registered(edge) as device:
        push(device, *seeds)
        agent.kill()
        agent.wait(LONG_S)
    first = ledger(edge)
    assert first.balanced
    assert first.selected == len(seeds)
    assert first.spooled + first.dropped.get("interrupted", 0) == len(seeds)

    with running(tmp_path, edge) as agent, registered(edge) as device:
        push(device, *seeds)  # as a device does that lost its connection before it heard the answer
        until(lambda: _all_settled(edge))
        agent.terminate()
        assert agent.wait(LONG_S) == 0
    second = ledger(edge)
    assert second.balanced
    assert second.spooled == len(seeds)
    assert second.dropped.get("interrupted", 0) == first.dropped.get("interrupted", 0)


def _all_settled(edge: processes.EdgeConfig) -> bool:
    with closing(sqlite3.connect(f"file:{edge.spool.directory / 'spool.db'}?mode=ro", uri=True)) as db:
        return bool(db.execute("SELECT COUNT(*) FROM messages").fetchone()[0] == 24)
