"""The audit's way to a syslog server: rsyslog with TLS on both sides, a slow server, one that never reads, kills.

Audit ──▶ SyslogSender ─TLS─▶ rsyslog, or a server of the test
"""

import asyncio
import re
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from center.app import build
from center.audit.log import Audit
from center.audit.retention import DAY_MS, AuditKeeper
from center.audit_syslog.errors import SyslogFailedError
from center.audit_syslog.service import GAP, SyslogSender
from center.bootstrap import records_of
from center.clock import now_ms
from center.database.store import AuditEntry, Store
from center.metrics import families
from center.retention import Retention
from provisioning.contracts.config.audit_syslog import AuditSyslog
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.files import durable
from tests.center.conftest import PASSWORD, USERNAME, Clock, World
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.world import OpenLine, quick_passwords
from tests.support import rsyslog
from tests.support.fresh_store import fresh_store
from tests.support.pki import HOST, Pki
from tests.support.rude_syslog import RudeSyslog
from tests.support.steady import Following
from tests.support.waiting import LONG_S, eventually, until, within

ROOT = Path(__file__).parents[3]


def settings(pki: Pki, port: int, *, timeout_s: float = 60.0, with_identity: bool = True) -> AuditSyslog:
    own = pki.issue("center")
    return AuditSyslog(
        host=HOST,
        port=port,
        ca_file=own.ca_file,
        cert_file=own.cert_file if with_identity else None,
        key_file=own.key_file if with_identity else None,
        timeout_s=timeout_s,
    )


def numbers(said: str) -> list[int]:
    return [int(number) for number in re.findall(r'number="(\d+)"', said)]


def kill_after(entries: int, folder: Path, config: AuditSyslog, *, begun: threading.Semaphore | None = None) -> None:
    """Runs a centre that writes and sends, and kills it after so many entries, and after `begun` was released."""
    command = [sys.executable, "-m", "tests.support.syslog_process", str(folder), config.model_dump_json()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(entries):
            assert process.stdout.readline() == b"written\n"
        assert begun is None or begun.acquire(timeout=LONG_S)
        process.kill()


@pytest.mark.peer
def test_rsyslog_has_every_entry_though_the_centre_is_killed(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki")
    store = fresh_store(tmp_path / "center.sqlite3")
    with RudeSyslog(pki.issue("broker"), step=0) as deaf:
        kill_after(30, tmp_path, settings(pki, deaf.port), begun=deaf.connected)  # with a delivery under way
        deaf.give_up.set()
    with rsyslog.running(tmp_path / "rsyslog", pki) as server:
        config = settings(pki, server.port)
        kill_after(60, tmp_path, config)
        audit = Audit(store, now_ms)
        sender = SyslogSender(config, store, audit, now_ms)
        sender.send_waiting()
        with store.transaction() as session:
            hashes = {entry.id: entry.sha256 for entry in session.scalars(select(AuditEntry))}
        assert len(hashes) >= 30 + 60
        until(
            lambda: {number for line in server.lines() for number in numbers(line.data)} == set(hashes), "all entries"
        )
        lines = server.lines()
        assert all(f'sha256="{hashes[numbers(line.data)[0]]}"' in line.data for line in lines)
        assert {(line.pri, line.app, line.msgid) for line in lines} == {("110", "wayside-center", "case.show")}
        assert "red coat" not in server.messages.read_text()
        assert sender.standing().waiting == 0
        # A server that asks for a certificate, and one whose certificate another authority issued: nothing is sent.
        audit.append("ana", "login", {})
        stranger = Pki(tmp_path / "stranger")
        for refused in (settings(pki, server.port, with_identity=False), settings(stranger, server.port)):
            with pytest.raises(SyslogFailedError):
                SyslogSender(refused, store, audit, now_ms).send_waiting()
        assert sender.standing().waiting == 1
    store.close()


@pytest.mark.anyio
async def test_a_server_that_never_reads_slows_no_request_and_a_slow_one_gets_all(
    world: World, user: httpx.AsyncClient, tmp_path: Path
) -> None:
    pki, audit = Pki(tmp_path / "other"), world.services.audit
    identity = pki.issue("broker")
    with RudeSyslog(identity, step=0) as deaf:
        sender = SyslogSender(settings(pki, deaf.port, timeout_s=120.0), world.store, audit, world.clock)
        async with sender.at_work():
            assert await asyncio.to_thread(deaf.connected.acquire, timeout=LONG_S)
            async with within():
                for _ in range(8):  # more than the threads that requests share on a machine of two processors
                    answer = await user.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
                    assert answer.status_code == 200
            world.clock.now_ms += 600_000
            standing = await asyncio.to_thread(sender.standing)
            assert standing.sent_to == 0
            assert standing.waiting >= 8
            behind = sender.behind(standing)
            assert behind is not None
            assert "10 min" in behind.text()
            deaf.give_up.set()  # it ends with everything unread
            await eventually(lambda: sender.loop.trouble is not None, "a failed delivery")
    for number in range(200):
        await asyncio.to_thread(audit.append, "ana", "observation.view", {"row_key": f"row-{number}"})
    with RudeSyslog(identity, step=64, limit=9_000) as slow:
        sender = SyslogSender(settings(pki, slow.port), world.store, audit, world.clock)
        failures = 0
        while (await asyncio.to_thread(sender.standing)).waiting:
            try:
                await asyncio.to_thread(sender.send_waiting)
            except SyslogFailedError:
                failures += 1
        assert failures >= 2  # a delivery of all is more than it takes, and so is one of half
        assert sender.behind(await asyncio.to_thread(sender.standing)) is None
        with world.store.transaction() as session:
            newest = session.scalar(select(func.max(AuditEntry.id)))
        assert sorted(set(numbers(slow.read.decode()))) == list(range(1, (newest or 0) + 1))


@pytest.mark.anyio
async def test_health_and_metrics_say_how_far_the_server_is_behind(tmp_path: Path, store: Store, clock: Clock) -> None:
    with RudeSyslog((pki := Pki(tmp_path / "pki")).issue("broker"), step=0) as deaf:
        config = CenterConfig(
            broker=Broker(host=HOST, ca_file=tmp_path, cert_file=tmp_path, key_file=tmp_path),
            query_url="http://archive.test",
            query_token_file=durable.write(tmp_path / "query-token", TOKEN.encode()),
            data_dir=tmp_path,
            audit_syslog=settings(pki, deaf.port),
        )
        records = records_of(
            store,
            data_dir=tmp_path,
            audit_key=None,
            audit_keep_days=180,
            session_hours=12,
            passwords=quick_passwords(),
            clock=clock,
            clocks=Following(clock),
        )
        transport = httpx.ASGITransport(app=FakeArchive().app)
        center = build(config, link=OpenLine(), clock=clock, transport=transport, records=records)
        records.audit.append("ana", "login", {})
        async with center.lifespan(FastAPI()):
            assert await asyncio.to_thread(deaf.connected.acquire, timeout=LONG_S)
            clock.now_ms += 600_000
            report = await center.services.health.report()
            told = {
                family.name: family.samples[0].value for family in families(center.metrics) if "syslog" in family.name
            }
            deaf.give_up.set()
    assert report.audit_syslog is not None
    assert (report.audit_syslog.server, report.audit_syslog.sent_to) == (f"{HOST}:{deaf.port}", 0)
    assert report.audit_syslog.waiting >= 1
    assert [each.name for each in report.dependencies if each.code == "syslog_behind"] == ["syslog"]
    assert told["wayside_center_syslog_waiting"] >= 1
    assert told["wayside_center_syslog_oldest_seconds"] == 600


def test_entries_that_the_audit_deleted_unsent_are_named(tmp_path: Path) -> None:
    clock = Clock()
    clock.now_ms = now_ms() - 200 * DAY_MS
    store = fresh_store(tmp_path / "center.sqlite3")
    audit, retention = Audit(store, clock), Retention(tmp_path, Following(clock), newest_ms=lambda: None)
    retention.advance()
    keeper = AuditKeeper(store, audit, key=None, keep_days=180, retention=retention, now_ms=clock)
    with RudeSyslog((pki := Pki(tmp_path / "pki")).issue("broker"), step=4096) as server:
        sender = SyslogSender(settings(pki, server.port), store, audit, clock)
        for _ in range(10):
            audit.append("ana", "login", {})
            if not server.read:
                sender.send_waiting()
            clock.now_ms += DAY_MS
            keeper.close_and_prune()
        clock.now_ms = now_ms() - 15 * DAY_MS
        keeper.prune()
        left = sorted(entry.id for entry in audit.page(limit=100))
        assert left[0] > 2
        sender.send_waiting()
        said = server.read.decode()
    assert f'action="{GAP}"' in said
    assert f'from="2" to="{left[0] - 1}"' in said
    assert numbers(said) == [1, *left, left[-1] + 1]
    store.close()
