"""The month as a signed document: canonical, checked by openssl, delivered once, retried, and without a user in it."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import select
from typer.testing import CliRunner

from bench.center.assessment.fleet import MONTH, lay_down
from center.__main__ import app
from center.assessment.maintenance import Maintenance, Plan
from center.assessment.months import CLOSES_AFTER_MS
from center.assessment.period import parse
from center.assessment.service import open_assessor
from center.assessment.settings import SettingsBook
from center.assessment_feed import document as documents
from center.assessment_feed.document import MonthDocument
from center.assessment_feed.errors import FeedFailedError, FeedMonthOpenError
from center.assessment_feed.service import MonthFeed, open_feed
from center.audit.log import Audit
from center.bootstrap import open_records
from center.clock import now_ms
from center.database.store import AuditEntry, Store
from center.pipeline.probes import ProbeFault
from center.search.camera_positions import CameraPositions
from provisioning.contracts.config.assessment_feed import AssessmentFeed
from provisioning.contracts.config.evidence import Evidence
from provisioning.contracts.config.processes import Broker, CenterConfig, load
from provisioning.contracts.errors import ConfigError
from tests.center.access.test_cli import _config
from tests.center.conftest import Clock
from tests.center.evidence.desk import open_desk
from tests.support.rude_http import Act, RudeServer

pytestmark = pytest.mark.anyio
SCHEMA = Path(__file__).parents[3] / "docs" / "assets" / "assessment-month.schema.json"
NAME = f"assessment-{MONTH}-v1.json"


class Inbox(RudeServer):
    """Takes files that are put, from a sender with the token."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[tuple[str, bytes]] = []

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if headers.get("authorization") != "Bearer put-here":
            return 401, b""
        self.files.append((path, body))
        return 201, b""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    """A minute after November has closed."""
    clock = Clock()
    clock.now_ms = parse(MONTH).to_ms + CLOSES_AFTER_MS + 60_000
    return clock


def feed_of(folder: Path, store: Store, clock: Clock, settings: AssessmentFeed) -> tuple[MonthFeed, Evidence]:
    evidence = open_desk(folder / "desk", now_ms=clock).settings
    config = CenterConfig(
        broker=Broker(host="127.0.0.1", ca_file=folder, cert_file=folder, key_file=folder),
        query_token_file=folder / "token",
        data_dir=folder,
        evidence=evidence,
        assessment_feed=settings,
    )
    assessor = open_assessor(store, CameraPositions(store, dict).on_file, clock)
    made = open_feed(config, assessor, store=store, audit=Audit(store, clock), now_ms=clock)
    assert made is not None
    return made, evidence


def over_http(folder: Path, inbox: Inbox, **others: Any) -> AssessmentFeed:
    token = folder / "feed.token"
    token.write_text("put-here")
    token.chmod(0o600)
    return AssessmentFeed(url=f"{inbox.origin}/months", token_file=token, allow_loopback=True, **others)


def deliveries(store: Store) -> list[dict[str, Any]]:
    query = select(AuditEntry.detail).where(AuditEntry.action == "assessment.delivered").order_by(AuditEntry.id)
    with store.transaction() as session:
        return [json.loads(detail) for detail in session.scalars(query)]


async def test_a_closed_month_is_delivered_once_and_openssl_checks_it(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    lay_down(store, cameras=12, faults_each=1, hours=48)
    out = tmp_path / "out"
    out.mkdir()
    feed, evidence = feed_of(tmp_path, store, clock, AssessmentFeed(folder=out))
    await feed.turn()
    await feed.turn()
    assert {each.name for each in out.iterdir()} == {NAME, f"{NAME}.p7s"}
    assert len(deliveries(store)) == 1
    assert is_signed(out, evidence, at_ms=clock.now_ms)
    (out / NAME).write_bytes((out / NAME).read_bytes().replace(b'"good":', b'"good": ', 1))
    assert not is_signed(out, evidence, at_ms=clock.now_ms)


def is_signed(folder: Path, evidence: Evidence, *, at_ms: int) -> bool:
    """Returns True if openssl finds the signature good."""
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"{NAME}.p7s", "-content", NAME]
    command += ["-CAfile", str(evidence.ca_file), "-attime", str(at_ms // 1000), "-out", "/dev/null"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0


def test_the_command_delivers_a_month_again(tmp_path: Path) -> None:
    evidence = open_desk(tmp_path / "desk", now_ms=now_ms).settings
    keys = "\n".join(f'{name} = "{value}"' for name, value in evidence.model_dump().items() if isinstance(value, Path))
    more = f'[evidence]\n{keys}\n[assessment_feed]\nfolder = "{tmp_path}"'
    config = _config(tmp_path, more=more)
    records = open_records(load(CenterConfig, config))
    lay_down(records.store, cameras=3, faults_each=1, hours=24)
    records.store.close()
    for _ in range(2):
        done = CliRunner().invoke(app, ["assessment", "feed", "--month", "2026-10", "--config", str(config)])
        assert (done.exit_code, done.stdout) == (0, "assessment-2026-10-v1.json (version 1)\n"), done.output
    assert (tmp_path / "assessment-2026-10-v1.json.p7s").exists()


async def test_the_document_is_canonical_follows_its_schema_and_names_no_user(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    lay_down(store, cameras=12, faults_each=1, hours=48)
    audit = Audit(store, clock)
    settings = SettingsBook(store, audit, clock, lambda: None)
    plan = Plan(scope="fleet", from_ms=parse(MONTH).from_ms, to_ms=parse(MONTH).from_ms + 3_600_000, reason="LaoWang")
    Maintenance(store, audit, settings, clock, lambda: None).enter(plan, actor="wangwu")
    feed, _ = feed_of(tmp_path, store, clock, AssessmentFeed(folder=tmp_path))
    await feed.deliver(MONTH, actor="command line")
    content = (tmp_path / NAME).read_bytes()
    plain = json.loads(content)
    again = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert content == again
    made = MonthDocument.model_validate_json(content)
    assert (made.month, made.version, len(made.cameras), len(made.maintenance)) == (MONTH, 1, 12, 1)
    assert {each.verdict.value for camera in made.cameras for each in camera.findings} >= {"pass", "fail"}
    for text in (b"wangwu", b"LaoWang", b"actor", b"reason", b"entered"):
        assert text not in content


def test_the_published_schema_is_that_of_the_types() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == MonthDocument.model_json_schema(by_alias=True)


def test_no_name_of_the_document_speaks_of_a_person_or_plate() -> None:
    models = [each for each in vars(documents).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    names = {name for model in models for name in model.model_fields}
    forbidden = re.compile(r"person|people|face|plate|rider|driver|user|actor|reason|entered|text|remark")
    assert not [name for name in names if forbidden.search(name)]


async def test_a_correction_is_delivered_as_a_version_of_its_own(store: Store, clock: Clock, tmp_path: Path) -> None:
    lay_down(store, cameras=3, faults_each=1, hours=24)
    feed, _ = feed_of(tmp_path, store, clock, AssessmentFeed(folder=tmp_path))
    await feed.turn()
    assessor = open_assessor(store, CameraPositions(store, dict).on_file, clock)
    assessor.months.correct(MONTH, "register was late", actor="wangwu")
    await feed.turn()
    await feed.turn()
    assert [each["version"] for each in deliveries(store)] == [1, 2]
    assert json.loads((tmp_path / f"assessment-{MONTH}-v2.json").read_bytes())["version"] == 2


async def test_an_open_month_is_not_delivered(store: Store, clock: Clock, tmp_path: Path) -> None:
    lay_down(store, cameras=3, faults_each=1, hours=24)
    clock.now_ms -= 3_600_000
    feed, _ = feed_of(tmp_path, store, clock, AssessmentFeed(folder=tmp_path))
    await feed.turn()
    with pytest.raises(FeedMonthOpenError):
        await feed.deliver(MONTH, actor="command line")
    assert [each["month"] for each in deliveries(store)] == ["2026-10"]


async def test_over_https_the_signature_goes_first(store: Store, clock: Clock, tmp_path: Path, inbox: Inbox) -> None:
    lay_down(store, cameras=3, faults_each=1, hours=24)
    feed, _ = feed_of(tmp_path, store, clock, over_http(tmp_path, inbox))
    await feed.turn()
    assert [path for path, _ in inbox.files] == [f"/months/{NAME}.p7s", f"/months/{NAME}"]
    assert deliveries(store)[0]["target"] == f"{inbox.origin}/months"


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (Act.HANG_UP_BEFORE, "hung_up"),
        (Act.SILENT_AFTER, "timeout"),
        (Act.FAULT_AFTER, "http_503|hung_up|timeout"),
        (Act.REDIRECT, "http_307"),
        (Act.NOT_FOUND, "http_404"),
    ],
)
async def test_a_receiver_that_does_not_take_it_gets_it_again(
    store: Store, clock: Clock, tmp_path: Path, inbox: Inbox, act: Act, cause: str
) -> None:
    lay_down(store, cameras=3, faults_each=1, hours=24)
    hasty = {"timeout_s": 0.5} if act is Act.SILENT_AFTER else {}
    feed, _ = feed_of(tmp_path, store, clock, over_http(tmp_path, inbox, **hasty))
    inbox.script.append(act)
    with pytest.raises(FeedFailedError, match=cause):
        await feed.turn()
    assert deliveries(store) == []
    inbox.script.clear()  # the hasty one may have given up before it asked
    (tmp_path / "patient").mkdir()
    patient, _ = feed_of(tmp_path / "patient", store, clock, over_http(tmp_path, inbox))
    await patient.turn()
    assert len(deliveries(store)) == 1


async def test_the_pipeline_names_the_cause(store: Store, clock: Clock, tmp_path: Path, inbox: Inbox) -> None:
    lay_down(store, cameras=3, faults_each=1, hours=24)
    feed, _ = feed_of(tmp_path, store, clock, over_http(tmp_path, inbox))
    inbox.script.append(Act.NOT_FOUND)
    await feed.loop.turn()
    with pytest.raises(ProbeFault, match="feed_failed: http_404"):
        await feed.probe().run()
    await feed.loop.turn()
    assert await feed.probe().run() is None


async def test_a_folder_that_is_not_there_is_named(store: Store, clock: Clock, tmp_path: Path) -> None:
    lay_down(store, cameras=3, faults_each=1, hours=24)
    feed, _ = feed_of(tmp_path, store, clock, AssessmentFeed(folder=tmp_path / "missing"))
    with pytest.raises(FeedFailedError, match="missing"):
        await feed.turn()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"folder": "/a", "url": "https://b.example"},
        {"folder": "/a", "token_file": "/t"},
        {"url": "http://b.example/x"},
        {"url": "https://localhost/x"},
        {"url": "https://user:secret@b.example/x"},
    ],
)
def test_a_receiver_is_one_and_encrypted(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"assessment_feed|password"):
        AssessmentFeed.model_validate(given)


def test_a_feed_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises((ValueError, ConfigError), match=r"needs \[evidence"):
        CenterConfig(
            broker=Broker(host="127.0.0.1", ca_file=tmp_path, cert_file=tmp_path, key_file=tmp_path),
            query_token_file=tmp_path,
            data_dir=tmp_path,
            assessment_feed=AssessmentFeed(folder=tmp_path),
        )
