"""Renewal: the present certificate asks for the next one; whatever goes wrong, it stays as it was.

agent.pem ──▶ Renewer ──mutual TLS──▶ a service that agrees, refuses, or answers what does not fit
"""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.enrol import enrol
from edge_agent.enrolment.identity import Identity, load_key, private_pem
from edge_agent.enrolment.renewal import Renewer
from edge_agent.enrolment.request import EnrolmentOrder
from edge_agent.errors import EnrolmentError
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.fleet.enrolment import RENEW
from tests.edge_agent.enrolment_service import AGENT, CODE, SITE, EnrolmentService, now_ms
from tests.edge_agent.issuing import new_key
from tests.edge_agent.world import FakeClock, edge_config

HOUR_MS = 3_600_000


class World:
    """An agent whose certificate has 90 days, 61 of them gone, and its clock."""

    def __init__(self, service: EnrolmentService, path: Path, *, days_gone: float = 61) -> None:
        self.service = service
        self.folder = AgentFolder(path)
        service.be.begins = datetime.now(UTC) - timedelta(days=days_gone)
        order = EnrolmentOrder.typed(server=f"127.0.0.1:{service.port}", pin=service.pin, site=SITE, agent=AGENT)
        self.clock = FakeClock(now_ms())
        self.edge = load(EdgeConfig, enrol(order, path, lambda _: CODE, self.clock).config)
        service.be.begins = None
        service.asked.clear()
        self.renewer = Renewer(self.edge, self.clock)
        self.before = self.folder.identity.read_bytes()

    @property
    def identity(self) -> Identity:
        return Identity.load(self.folder.identity, self.folder.identity)

    def run(self, looks: int) -> list[float]:
        """Let the thread's loop look so often; the waits after each look, in seconds."""
        stop = threading.Event()
        self.clock.waits.clear()
        self.clock.on_wait = lambda _: stop.set() if len(self.clock.waits) >= looks else None
        self.renewer.run(stop)
        return list(self.clock.waits)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


@pytest.fixture
def world(service: EnrolmentService, tmp_path: Path) -> World:
    return World(service, tmp_path / "agent")


def test_with_a_third_left_it_is_renewed_and_both_halves_are_replaced(world: World) -> None:
    key = private_pem(load_key(world.folder.identity))
    assert world.renewer.renew_once()
    assert [(each.path, each.client) for each in world.service.asked] == [(RENEW, AGENT)]
    assert world.identity.ends_ms > now_ms() + 89 * 24 * HOUR_MS
    assert private_pem(load_key(world.folder.identity)) != key
    assert world.folder.identity.stat().st_mode & 0o777 == 0o600
    assert not world.renewer.renew_once()
    assert len(world.service.asked) == 1


def test_before_that_nobody_is_asked(service: EnrolmentService, tmp_path: Path) -> None:
    world = World(service, tmp_path / "agent", days_gone=59)
    assert not world.renewer.renew_once()
    assert service.asked == []
    world.clock.pass_s(24 * 3600 + 60)
    assert world.renewer.renew_once()


def test_the_new_certificate_asks_for_the_one_after_it(world: World) -> None:
    world.service.be.begins = datetime.now(UTC) - timedelta(days=70)
    assert world.renewer.renew_once()
    assert world.renewer.renew_once()
    assert [each.client for each in world.service.asked] == [AGENT, AGENT]


def test_it_looks_at_the_start_and_about_every_hour(service: EnrolmentService, tmp_path: Path) -> None:
    world = World(service, tmp_path / "agent", days_gone=0)
    waits = world.run(looks=200)
    assert all(1800 <= wait <= 5400 for wait in waits)
    assert 3000 < sum(waits) / len(waits) < 4200
    assert len({round(wait) for wait in waits}) > 100  # what was switched on together does not ask together
    assert service.asked == []


def test_a_failure_is_told_once_and_tried_again_ever_more_patiently(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    good, world.service.be.raw = world.service.be.raw, b"nonsense"
    waits = world.run(looks=12)
    assert all(wait <= min(3600, 60 * 2**number) for number, wait in enumerate(waits))
    assert len(world.service.asked) == 12
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "broke off" in caplog.text
    assert world.folder.identity.read_bytes() == world.before
    world.service.be.raw = good
    caplog.set_level(logging.INFO)
    assert 1800 <= world.run(looks=1)[0] <= 5400
    assert "certificate renewed" in caplog.text


def test_under_three_days_it_is_an_error_and_then_it_has_ended(
    service: EnrolmentService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(service, tmp_path / "agent", days_gone=86)
    service.be.raw = b"nonsense"
    world.run(looks=3)
    world.clock.pass_s(2 * 24 * 3600)
    world.run(looks=3)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    asked = len(service.asked)
    world.clock.pass_s(3 * 24 * 3600)
    waits = world.run(looks=3)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR, logging.ERROR]
    assert "enrol again" in caplog.records[-1].getMessage()
    assert len(service.asked) == asked
    assert all(wait >= 1800 for wait in waits)


def test_a_revoked_agent_says_so_once_and_goes_on_asking(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.service.be.revoked = True
    waits = world.run(looks=5)
    assert len(world.service.asked) == 5
    assert all(1800 <= wait <= 5400 for wait in waits)
    assert len(caplog.records) == 1
    assert "this agent was revoked: speak to the centre" in caplog.text
    world.service.be.revoked = False
    assert world.renewer.renew_once()


def test_other_kinds_of_trouble_are_told_beside_each_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        world.service.be.raw = b"nonsense"
        world.run(looks=2)
        world.service.be.raw = None
        world.service.be.revoked = True
        world.run(looks=2)
    assert len(caplog.records) == 2


def test_an_answer_that_does_not_fit_changes_nothing(world: World) -> None:
    be = world.service.be
    for attribute, value in (
        ("signs", lambda _: new_key().public_key()),
        ("name", lambda _: ("cabinet-8",)),
        ("days", 0.001),
        ("change", lambda a: a.model_copy(update={"seal_key": "ab" * 32})),
        ("change", lambda a: a.model_copy(update={"services_ca": a.certificate})),
        ("change", lambda a: a.model_copy(update={"agent_id": "cabinet-8"})),
    ):
        good = getattr(be, attribute)
        setattr(be, attribute, value)
        with pytest.raises(EnrolmentError):
            world.renewer.renew_once()
        setattr(be, attribute, good)
        assert world.folder.identity.read_bytes() == world.before
    assert world.renewer.renew_once()


def test_only_the_service_of_our_authority_and_name_is_asked(world: World, tmp_path: Path) -> None:
    assert world.edge.provisioning is not None
    elsewhere = world.edge.provisioning.model_copy(update={"host": "localhost"})
    renewer = Renewer(world.edge.model_copy(update={"provisioning": elsewhere}), world.clock)
    with pytest.raises(EnrolmentError, match="not trusted"):
        renewer.renew_once()
    (tmp_path / "impostor").mkdir()
    with EnrolmentService(tmp_path / "impostor") as impostor:
        there = world.edge.provisioning.model_copy(update={"port": impostor.port})
        renewer = Renewer(world.edge.model_copy(update={"provisioning": there}), world.clock)
        with pytest.raises(EnrolmentError, match="not trusted"):
            renewer.renew_once()
        assert impostor.asked == []
    assert world.service.asked == []


def test_beside_an_enrolment_of_the_same_folder_it_waits(world: World) -> None:
    with world.folder.locked(), pytest.raises(EnrolmentError, match="another enrolment"):
        world.renewer.renew_once()
    assert world.service.asked == []
    assert world.renewer.renew_once()


def test_files_that_are_gone_are_an_error_and_not_a_crash(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for path in (world.folder.seal, world.folder.services_ca, world.folder.identity):
        data = path.read_bytes()
        path.unlink()
        with pytest.raises(EnrolmentError, match=path.name):
            world.renewer.renew_once()
        if path != world.folder.identity:
            path.write_bytes(data)
    world.run(looks=2)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_who_cannot_be_renewed(world: World, tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match="enrol it"):
        Renewer(world.edge.model_copy(update={"provisioning": None}), world.clock)
    key_file = tmp_path / "apart.key"
    key_file.write_bytes(private_pem(load_key(world.folder.identity)))
    apart = world.edge.broker.model_copy(update={"key_file": key_file})
    with pytest.raises(EnrolmentError, match="at once"):
        Renewer(world.edge.model_copy(update={"broker": apart}), world.clock).renew_once()
    assert edge_config(tmp_path, provisioning=world.edge.provisioning).provisioning is not None
