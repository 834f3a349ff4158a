"""What stands in the way of becoming an agent: nothing is written then, and the code is not spent in vain.

order ──▶ enrol ──TLS──▶ a service that answers what does not fit
"""

import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.enrol import enrol
from edge_agent.enrolment.request import EnrolmentOrder, read_bundle
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.fleet.enrolment import HELLO, Enrolled
from provisioning.signing.documents import SealKey
from tests.edge_agent.enrolling import CODE_2, content, refused, run
from tests.edge_agent.enrolment_service import AGENT, CODE, SITE, EnrolmentService, now_ms
from tests.edge_agent.issuing import Ca, new_key
from tests.edge_agent.world import FakeClock
from tests.support.waiting import LONG_S


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> AgentFolder:
    return AgentFolder(tmp_path / "box" / "agent")


def test_a_refusal_is_shown_as_it_is_and_changes_nothing_but_the_waiting_key(
    service: EnrolmentService, folder: AgentFolder
) -> None:
    run(service, folder)
    before = content(folder)
    text = refused(lambda: run(service, folder, code=CODE_2, again=True))
    assert "this code is not known: have a new bundle made" in text
    after = content(folder)
    assert {name for name in after if after[name] != before.get(name)} == {"pending.key"}
    assert not run(service, folder).is_new


def test_a_clock_that_is_wrong_is_refused_before_the_code_is_spent(
    service: EnrolmentService, folder: AgentFolder
) -> None:
    for off in (-365 * 24, -0.1, 0.1, 24):
        clock = FakeClock(now_ms() + round(off * 3_600_000))
        text = refused(lambda clock=clock: run(service, folder, clock=clock))  # type: ignore[misc] # bound at once
        command = re.search(r"Run: sudo date -u -s '(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)' and then", text)
        assert command is not None
        there = datetime.fromisoformat(command[1]).replace(tzinfo=UTC)
        assert abs((there - datetime.now(UTC)).total_seconds()) < 30
        assert f"{datetime.fromtimestamp(clock.now_ms() // 1000, UTC):%Y-%m-%d %H:%M:%S}" in text
    assert set(service.paths) == {HELLO}
    assert not folder.pending.exists()
    assert run(service, folder, clock=FakeClock(now_ms() + 280_000)).is_new


def test_another_seal_than_the_bundles_is_refused_before_the_code_is_spent(
    service: EnrolmentService, folder: AgentFolder, tmp_path: Path
) -> None:
    bundle = service.bundle()
    (tmp_path / "other").mkdir()
    service.seal_key = SealKey.create(tmp_path / "other" / "seal.key")
    order = EnrolmentOrder.of(read_bundle(BytesIO(bundle.encode())))
    text = refused(lambda: enrol(order, folder.path, lambda _: CODE, SystemClock()))
    assert "the code is not spent" in text
    assert service.paths == [HELLO]


def test_expected_digits(service: EnrolmentService, folder: AgentFolder) -> None:
    key = service.seal_key.seal.key
    for wrong in ("ab" * 8, key[:15], key[:16] + "zz", "", key + "00"):
        refused(lambda wrong=wrong: run(service, folder, expect=wrong))  # type: ignore[misc] # bound at once
    assert service.asked == []
    assert not folder.path.exists()
    assert run(service, folder, expect=f"{key[:8]}:{key[8:20].upper()}").is_new


def test_a_folder_of_somebody_else(service: EnrolmentService, folder: AgentFolder, tmp_path: Path) -> None:
    run(service, folder)
    for changes in ({"agent_id": "cabinet-8"}, {"site_id": "west-gate"}):
        for again in (False, True):
            text = refused(lambda c=changes, a=again: run(service, folder, again=a, **c))  # type: ignore[misc] # at once
            assert f"agent {AGENT} of site {SITE}" in text
            assert next(iter(changes.values())) in text
    (tmp_path / "other").mkdir()
    service.seal_key = SealKey.create(tmp_path / "other" / "seal.key")
    for again in (False, True):
        assert "from another authority" in refused(lambda a=again: run(service, folder, again=a))  # type: ignore[misc]
    assert len(service.asked) == 2
    typed = EnrolmentOrder.typed(server=f"127.0.0.1:{service.port}", pin=service.pin, site=SITE, agent=AGENT)
    assert "from another authority" in refused(
        lambda: enrol(typed, folder.path, lambda _: CODE, SystemClock(), again=True)
    )


def _other_ca() -> str:
    return Ca("Nobody").sign(new_key().public_key(), "no authority").decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda a: a.model_copy(update={"agent_id": "cabinet-8"}), "for agent cabinet-8"),
        (lambda a: a.model_copy(update={"site_id": "west-gate"}), "for site west-gate"),
        (lambda a: a.model_copy(update={"seal_key": "ab" * 32}), "another authority"),
        (lambda a: a.model_copy(update={"services_ca": _other_ca()}), "no authority"),
        (lambda a: a.model_copy(update={"services_ca": a.services_ca[:200]}), "cannot be read"),
        (lambda a: a.model_copy(update={"certificate": a.certificate[:300]}), "cannot be read"),
        (lambda a: a.model_copy(update={"certificate": a.services_ca}), "another key"),
    ],
)
def test_an_answer_that_does_not_fit_is_not_written(
    service: EnrolmentService, folder: AgentFolder, change: Callable[[Enrolled], Enrolled], says: str
) -> None:
    service.be.change = change
    assert says in refused(lambda: run(service, folder))
    assert set(content(folder)) == {"pending.key", "secrets.key", "enrol.lock"}
    service.be.change = lambda answer: answer
    assert run(service, folder).is_new


def test_a_certificate_that_does_not_fit_is_not_written(service: EnrolmentService, folder: AgentFolder) -> None:
    service.be.name = lambda _: ("cabinet-8",)
    assert "'cabinet-8'" in refused(lambda: run(service, folder))
    service.be.name = lambda agent: (agent, agent)
    assert "2 common names" in refused(lambda: run(service, folder))
    service.be.name = lambda _: ()
    assert "0 common names" in refused(lambda: run(service, folder))
    service.be.name = lambda agent: (agent,)
    service.be.signs = lambda _: new_key().public_key()
    assert "another key" in refused(lambda: run(service, folder))
    service.be.signs = lambda key: key
    service.be.days = 0.001
    assert "ended on" in refused(lambda: run(service, folder))
    service.be.days, service.be.begins = 90, datetime.now(UTC) + timedelta(hours=1)
    assert "begins on" in refused(lambda: run(service, folder))
    assert not folder.identity.exists()
    service.be.begins = None
    assert run(service, folder).is_new


def test_two_technicians_at_one_box(service: EnrolmentService, folder: AgentFolder) -> None:
    asking, go_on = threading.Event(), threading.Event()

    def code(_: str) -> str:
        asking.set()
        assert go_on.wait(LONG_S)
        return CODE

    order = EnrolmentOrder.of(read_bundle(BytesIO(service.bundle().encode())))
    first = threading.Thread(target=enrol, args=(order, folder.path, code, SystemClock()))
    first.start()
    assert asking.wait(LONG_S)
    try:
        assert "another enrolment" in refused(lambda: run(service, folder))
    finally:
        go_on.set()
        first.join()
    assert not run(service, folder).is_new


def test_a_folder_that_others_use_is_not_taken(service: EnrolmentService, folder: AgentFolder) -> None:
    folder.path.mkdir(parents=True, mode=0o755)
    folder.path.chmod(0o755)
    (folder.path / "letters").touch()
    assert f"chmod 700 {folder.path}" in refused(lambda: run(service, folder))
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o755
    (folder.path / "letters").unlink()
    run(service, folder)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be(service: EnrolmentService, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "choose another" in refused(lambda: run(service, AgentFolder(tmp_path / "file")))
    assert "choose another" in refused(lambda: run(service, AgentFolder(tmp_path / "file" / "agent")))
    assert service.asked == []


def test_a_models_folder_that_no_configuration_can_hold(service: EnrolmentService, folder: AgentFolder) -> None:
    for name in ("a\nb", "a\x7fb", os.fsdecode(b"a\xff")):
        text = refused(lambda name=name: run(service, folder, models=Path(name)))  # type: ignore[misc] # bound at once
        assert "--models" in text
    assert set(service.paths) == {HELLO}
    done = run(service, folder, models=Path('/模型 "1"\\'))
    assert load(EdgeConfig, done.config).models_dir == Path('/模型 "1"\\')
