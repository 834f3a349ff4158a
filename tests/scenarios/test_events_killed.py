"""kill -9 while it sends: no event is lost, and what comes twice is the same with the same id.

archive, alarms ──▶ [centre's process] ──▶ broker ──▶ reader        killed in the middle, again and again
"""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from center.alarms.events import AlarmFan
from center.alarms.latency import HopHistograms
from center.alarms.writer import AlarmWriter
from center.audit.log import Audit
from center.clock import now_ms
from center.events_out.outbox import EventOutbox
from provisioning.contracts import ids
from provisioning.contracts.config.events_out import EventsOut
from provisioning.contracts.query.archive import Observation
from tests.center.events_out.rig import events_out, raise_alarm
from tests.center.fake_archive import FakeArchive
from tests.center.street import AGENT, observation
from tests.center.whole import served
from tests.support.event_brokers import KafkaBroker, MosquittoBroker
from tests.support.fresh_store import fresh_store
from tests.support.waiting import until

pytestmark = pytest.mark.peer
ROOT = Path(__file__).parents[2]
ROWS, ALARMS = 600, 20


def rows(count: int, began_ms: int) -> Iterator[Observation]:
    """So many rows of two cameras, all of the same street."""
    first, _ = observation("cam-1", began_ms, 1)
    for number in range(1, count + 1):
        camera_id, at_ms = f"cam-{1 + number % 2}", began_ms + number
        observation_id = ids.observation_id(camera_id, at_ms, f"k{number}")
        changed = {
            "row_key": ids.row_key(AGENT, observation_id),
            "observation_id": observation_id,
            "camera_id": camera_id,
            "captured_at_ms": at_ms,
            "committed_at_ms": at_ms + 420,
            "commit_seq": number,
        }
        yield first.model_copy(update={"snapshot": first.snapshot.model_copy(update=changed)})


@contextmanager
def centre(folder: Path, settings: EventsOut, archive_url: str) -> Iterator[None]:
    """A process that sends, killed at the end."""
    command = [sys.executable, "-m", "tests.support.events_out_process", str(folder)]
    process = subprocess.Popen([*command, settings.model_dump_json(), archive_url], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        yield
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", ["mqtt", pytest.param("kafka", marks=pytest.mark.losses)])
def test_a_centre_that_is_killed_again_and_again_loses_no_event(kind: str, tmp_path: Path) -> None:
    broker = MosquittoBroker(tmp_path) if kind == "mqtt" else KafkaBroker()
    settings = events_out(broker.settings(kinds=("observation", "alarm")))
    archive, began_ms, store = FakeArchive(), now_ms(), fresh_store(tmp_path / "center.sqlite3")
    outbox = EventOutbox(store, Audit(store, now_ms), settings.receivers, now_ms)
    outbox.post((), {("", "commits/0"): "0", ("", "alarms"): "0"})
    alarms = AlarmWriter(store, AlarmFan(HopHistograms(), now_ms), now_ms, notifies=False)
    archive.rows = list(rows(ROWS, began_ms - 100_000))
    for _ in range(ALARMS):
        raise_alarm(alarms, "cam-1")
    expected = {row.snapshot.row_key for row in archive.rows}

    def came() -> dict[str, set[bytes]]:
        found = defaultdict[str, set[bytes]](set)
        for each in broker.received():
            found[each.event.id].add(each.payload)
        return found

    with served(archive.app) as url:
        for kills in (1, 2):
            with centre(tmp_path, settings, url):
                until(lambda: len(came()) > kills * ROWS // 4)  # noqa: B023 - called in this turn alone
        with centre(tmp_path, settings, url):
            until(lambda: len(came()) == ROWS + ALARMS, seen=lambda: len(came()))
            until(lambda: not outbox.backlog())
    found = came()
    assert expected <= found.keys()
    assert len([each for each in found if each.startswith("alarm-")]) == ALARMS
    assert {len(payloads) for payloads in found.values()} == {1}
    print(f"{kind}: {len(found)} events in {len(broker.received())} messages, two kills")  # noqa: T201
    assert len(broker.received()) < 2 * (ROWS + ALARMS)
    broker.close()
    store.close()
