"""kill -9 while it sends: nothing is lost, and what comes twice has the same id.

archive ──▶ [centre's process] ──▶ superior        killed between two objects, again and again
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from center.assessment.camera_register import CameraRegister
from center.audit.log import Audit
from center.clock import now_ms
from center.viid_cascade.outbox import CascadeOutbox
from center.viid_cascade.sender import BATCH
from provisioning.contracts.config.viid_cascade import ViidSuperior
from tests.center.fake_archive import FakeArchive
from tests.center.street import observation
from tests.center.viid_cascade.rig import REGISTER, settings
from tests.center.whole import served
from tests.support.fresh_store import fresh_store
from tests.support.viid_superior import Superior
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]
COUNT = 60


@contextmanager
def centre(folder: Path, superior: ViidSuperior, archive_url: str) -> Iterator[None]:
    """A process that sends, killed at the end."""
    command = [sys.executable, "-m", "tests.support.viid_cascade_process", str(folder)]
    process = subprocess.Popen([*command, superior.model_dump_json(), archive_url], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        yield
    finally:
        process.kill()
        process.communicate()


def test_a_cascade_that_is_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    archive, began_ms = FakeArchive(), now_ms()
    store = fresh_store(tmp_path / "center.sqlite3")
    CameraRegister(store, Audit(store, now_ms), lambda: None).take(REGISTER.encode(), actor="tests", replace=True)
    with Superior() as superior, served(archive.app) as url:
        city = settings(tmp_path, superior.origin)
        outbox = CascadeOutbox(store, Audit(store, now_ms), (city,), now_ms)
        outbox.post(0, (), {})
        for number in range(1, COUNT + 1):
            archive.add(*observation(f"cam-{1 + number % 2}", began_ms - 100_000 + number * 1000, number))
        for kills in range(1, 4):
            goal = kills * COUNT // 4
            with centre(tmp_path, city, url):
                until(lambda: len(superior.of("/VIID/Images")) >= goal)  # noqa: B023 - called in this turn alone
        with centre(tmp_path, city, url):
            until(lambda: len({each["ImageInfo"]["ImageID"] for each in superior.of("/VIID/Images")}) == COUNT)
            until(lambda: not outbox.backlog())
        machines = sum(len(row.machines) for row in archive.rows)
        assert len(superior.objects) == COUNT + machines
        twice = [each for each, times in superior.objects.items() if times > 1 and len(each) == 41]
        assert len(twice) <= 3 * BATCH
        assert max(superior.objects.values()) <= 4
    store.close()
