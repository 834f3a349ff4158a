"""A cascade and a superior on a real socket: what goes up, in which order, and what a superior may do wrong."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import select

from center.audit.log import Audit
from center.clock import ZONE
from center.database.store import AuditEntry, Store
from center.errors import QueryError
from center.pipeline.probes import ProbeFault
from center.viid_cascade.composing import ObjectKind
from center.viid_cascade.errors import SuperiorAwayError, SuperiorDeniesError, SuperiorLoopError
from center.viid_cascade.outbox import CascadeOutbox
from center.viid_cascade.selection import DropName
from center.viid_cascade.sender import MOST_FALLS
from provisioning.contracts.wire.messages import CameraState, CameraStatus
from tests.center.street import AGENT, NOW_MS
from tests.center.viid_cascade.rig import GATE, rig, settings
from tests.support.notify_world import Pki
from tests.support.rude_http import Act
from tests.support.viid_superior import CENTRE_ID, Superior

pytestmark = pytest.mark.anyio
IMAGES = "/VIID/Images"


@pytest.fixture
def superior() -> Iterator[Superior]:
    with Superior() as server:
        yield server


async def test_what_is_committed_goes_up_once_registered_in_order(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(20)
        await it.read_and_send()
        assert superior.registered == {CENTRE_ID}
        assert it.waiting() == 0
        assert set(superior.objects.values()) == {1}
        shot = [each["ImageInfo"]["ImageID"] for each in superior.of(IMAGES)]
        assert len(shot) == 20
        for camera in {each[:20] for each in shot}:
            mine = [each for each in shot if each.startswith(camera)]
            assert mine == sorted(mine)
        figures = it.cascade.figures()["city"]
        assert figures.sent[ObjectKind.IMAGES] == 20
        assert sum(figures.sent.values()) == sum(superior.objects.values())
        await it.sender.leave()
        assert superior.registered == set()


async def test_the_bytes_that_leave_have_the_allowed_names_alone(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, pictures="objects")) as it:
        it.commit(10)
        await it.read_and_send()
    without_pictures = re.sub(r'"data":"[^"]+"', "", b"".join(superior.bodies).decode().lower())
    for stem in ("plate", "person", "face", "belt", "driver", "people", "rider", AGENT, "cam-1", "gate"):
        assert stem not in without_pictures


async def test_rows_before_the_cascade_began_do_not_go_up(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(3)
        await it.cascade.read()
        assert it.waiting() == 3
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as fresh:
        assert fresh.waiting() == 0


async def test_without_a_superior_nothing_runs(tmp_path: Path) -> None:
    async with rig(tmp_path) as it:
        assert it.cascade.loops == ()
        assert tuple(it.cascade.probes()) == ()


async def test_two_superiors_get_their_own(superior: Superior, tmp_path: Path) -> None:
    with Superior() as other:
        mine = settings(tmp_path, superior.origin)
        theirs = settings(tmp_path, other.origin, id="county", districts=("south",), classes=("car",), pictures="none")
        async with rig(tmp_path, mine, theirs) as it:
            it.commit(9, cameras=("cam-1", "cam-2", "cam-3"))
            await it.read_and_send()
        assert {each["ImageInfo"]["DeviceID"] for each in superior.of(IMAGES)} == {GATE, GATE[:-1] + "2"}
        assert {each["DeviceID"] for each in other.of("/VIID/MotorVehicles")} <= {GATE[:-1] + "3"}
        assert other.of(IMAGES) == []


@pytest.mark.parametrize(
    "act",
    [
        Act.HANG_UP_BEFORE,
        Act.HANG_UP_AFTER,
        Act.SILENT_AFTER,
        Act.DRIP_AFTER,
        Act.FAULT_AFTER,
        Act.HUGE_AFTER,
        Act.GARBAGE_AFTER,
        Act.REDIRECT,
        Act.SLOW_DOWN,
    ],
)
async def test_a_superior_that_misbehaves_is_typed_and_loses_nothing(
    act: Act, superior: Superior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, parallel=1, timeout_s=60.0)) as it:
        it.commit(4)
        await it.sender.turn()  # it registers
        await it.cascade.read()
        superior.script.append(act)
        with monkeypatch.context() as hasty:
            if act in {Act.SILENT_AFTER, Act.DRIP_AFTER}:
                hasty.setattr(it.sender._client._line, "_timeout_s", 2.0)
            with pytest.raises(SuperiorAwayError) as caught:
                await it.sender.turn()
        superior.script.clear()  # the hasty one may have given up before it asked
        assert caught.value.facts["cause"]
        assert it.waiting() >= 1
        assert it.cascade.figures()["city"].dropped.get(DropName.REFUSED, 0) == 0
        it.pass_s(61)
        await it.sender.turn()
        assert it.waiting() == 0
        assert len(superior.of(IMAGES)) >= 4
        assert max(superior.objects.values()) <= 2


async def test_a_redirect_is_not_followed(superior: Superior, tmp_path: Path) -> None:
    superior.script.extend([Act.REDIRECT, Act.REDIRECT])
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        with pytest.raises(SuperiorAwayError, match="http_307"):
            await it.sender.turn()
    assert superior.requests == 2  # the time and the registration, once each


async def test_a_401_later_registers_anew_and_goes_on(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        await it.sender.turn()
        superior.registered.clear()
        it.commit(3)
        await it.read_and_send()
        assert it.waiting() == 0
        assert set(superior.objects.values()) == {1}


async def test_a_wrong_password_is_a_denial_and_keeps_everything(superior: Superior, tmp_path: Path) -> None:
    wrong = settings(tmp_path, superior.origin)
    wrong.password_file.write_text("nothing")
    async with rig(tmp_path, wrong) as it:
        it.commit(2)
        with pytest.raises(SuperiorDeniesError, match="http_401"):
            await it.read_and_send()
        before = superior.requests
        with pytest.raises(SuperiorDeniesError):
            await it.sender.turn()
        assert superior.requests == before  # it pauses, so that no account is locked
        assert it.waiting() == 2


CHALLENGES = (
    "",
    "Basic realm=x",
    "Digest",
    "Digest realm=x",
    "Digest a",
    'Digest realm="x", nonce="y", qop="auth-int"',
    'Digest realm="x", nonce="y", algorithm=WHAT',
)


@pytest.mark.parametrize("challenge", CHALLENGES)
async def test_a_challenge_that_cannot_be_answered_is_a_denial(
    challenge: str, superior: Superior, tmp_path: Path
) -> None:
    superior.answer_headers = {"WWW-Authenticate": challenge} if challenge else {}
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        with pytest.raises(SuperiorDeniesError, match="no_digest_challenge"):
            await it.sender.turn()


async def test_a_realm_may_be_in_chinese(tmp_path: Path) -> None:
    with Superior(realm="视图库".encode().decode("latin-1")) as superior:  # as the server's header is written
        async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
            await it.sender.turn()
        assert superior.registered == {CENTRE_ID}


async def test_403_is_a_denial_and_keeps_everything(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(2)
        superior.by_path[IMAGES] = (403, b"<html>no</html>")
        with pytest.raises(SuperiorDeniesError, match="http_403"):
            await it.read_and_send()
        assert it.waiting() == 2


async def test_what_it_refuses_is_dropped_by_name_and_the_rest_goes_on(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(6)
        superior.by_path["/VIID/MotorVehicles"] = (404, b"not here")
        await it.read_and_send()
        assert it.waiting() == 0
        assert len(superior.of(IMAGES)) == 6
        figures = it.cascade.figures()["city"]
        assert ObjectKind.MOTOR_VEHICLES not in figures.sent or not figures.sent[ObjectKind.MOTOR_VEHICLES]
        assert figures.dropped[DropName.REFUSED] > 0


async def test_an_observation_over_which_it_falls_is_given_up_only_while_it_answers_otherwise(
    superior: Superior, tmp_path: Path
) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, keepalive_s=600)) as it:
        it.commit(1)
        await it.sender.turn()
        await it.cascade.read()
        superior.by_path[IMAGES] = (500, b"<html>trace</html>")
        superior.by_path["/VIID/System/Keepalive"] = (500, b"<html>trace</html>")
        for _ in range(MOST_FALLS + 2):
            with pytest.raises(SuperiorAwayError, match="http_500"):
                await it.sender.turn()
            it.pass_s(61)
        assert it.waiting() == 1
        del superior.by_path["/VIID/System/Keepalive"]
        for _ in range(MOST_FALLS):
            assert it.waiting() == 1
            with pytest.raises(SuperiorAwayError):
                await it.sender.turn()
            it.pass_s(61)
        assert it.waiting() == 0
        assert it.cascade.figures()["city"].dropped == {DropName.REFUSED: 1}


async def test_a_superior_that_is_away_too_long_costs_the_oldest_by_name(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, max_waiting=5)) as it:
        it.commit(12)
        await it.cascade.read()
        assert it.waiting() == 5
        await it.sender.turn()
        newest = [each.snapshot.captured_at_ms for each in it.archive.rows[:5]]
        assert sorted(each["ImageInfo"]["ShotTime"] for each in superior.of(IMAGES)) == sorted(map(written, newest))
        assert it.cascade.figures()["city"].dropped == {DropName.OUTBOX_FULL: 7}
        it.commit(2, first=13)
        await it.cascade.read()
        it.clock.now_ms += 25 * 3_600_000
        it.commit(1, first=15)
        await it.cascade.read()
        dropped = it.cascade.figures()["city"].dropped
        assert dropped[DropName.EXPIRED] == 3  # two that waited, and one that was too old when it was read


async def test_a_picture_that_was_erased_meanwhile_does_not_go_up(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(3)
        await it.cascade.read()
        gone, dropped = it.archive.rows[0], it.archive.rows[1]
        del it.archive.jpegs[gone.snapshot.row_key]
        it.archive.rows.remove(dropped)
        await it.sender.turn()
        assert len(superior.of(IMAGES)) == 1
        assert it.cascade.figures()["city"].dropped == {DropName.NO_PICTURE: 1, DropName.NOT_IN_ARCHIVE: 1}


async def test_an_archive_that_is_away_loses_nothing(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(3)
        await it.cascade.read()
        it.archive.answer = lambda: Response(status_code=503)
        with pytest.raises(QueryError):
            await it.sender.turn()
        with pytest.raises(QueryError):
            await it.cascade.read()
        it.archive.answer = None
        await it.read_and_send()
        assert len(superior.of(IMAGES)) == 3


async def test_a_server_that_is_another_gets_no_password(tmp_path: Path) -> None:
    with Superior(server_id="34020000005030000777") as agent:
        async with rig(tmp_path, settings(tmp_path, agent.origin)) as it:
            with pytest.raises(SuperiorLoopError, match="34020000005030000777"):
                await it.sender.turn()
        assert agent.calls == []
        assert agent.requests == 1


async def test_an_agent_of_ours_that_would_take_our_pictures_is_a_loop(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.statuses[AGENT, "cam-9"] = CameraStatus(
            agent_id=AGENT,
            camera_id="cam-9",
            name="",
            state=CameraState.ONLINE,
            cause="",
            since_ms=NOW_MS,
            device_id=CENTRE_ID,
        )
        with pytest.raises(SuperiorLoopError, match="cam-9"):
            await it.sender.turn()
        assert superior.requests == 0


async def test_this_machine_itself_is_refused_unless_it_is_meant(superior: Superior, tmp_path: Path) -> None:
    by_name = settings(tmp_path, f"https://wayside-loop.localhost.test:{superior.port}").model_copy(
        update={"url": superior.origin, "allow_loopback": False}
    )
    async with rig(tmp_path, by_name) as it:
        with pytest.raises(SuperiorLoopError, match="this machine"):
            await it.sender.turn()
    assert superior.requests == 0


async def test_its_time_is_not_believed(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin)) as it:
        it.commit(1)
        await it.read_and_send()
    assert superior.of(IMAGES)[0]["ImageInfo"]["ShotTime"].startswith("20261123")


async def test_a_keepalive_goes_out_in_its_time(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, keepalive_s=30)) as it:
        for passed_s in (0, 20, 20, 5, 30):
            it.pass_s(passed_s)
            await it.sender.turn()
    assert [path for path, _ in superior.calls].count("/VIID/System/Keepalive") == 2


async def test_what_was_sent_stands_in_the_audit_by_the_hour(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, max_waiting=3)) as it:
        it.commit(5)
        await it.read_and_send()
        await it.cascade.write_audit()
        assert entries(it.store) == []  # the hour is not over
        it.clock.now_ms += 3_600_000
        await it.cascade.write_audit()
        await it.cascade.write_audit()
        (entry,) = entries(it.store)
        assert entry["superior"] == "city"
        assert entry["sent"]["images"] == 3
        assert entry["dropped"] == {"outbox_full": 2}
        assert set(entry["sent"]) <= {"images", "motor_vehicles", "non_motor_vehicles"}


async def test_a_superior_that_is_no_longer_configured_leaves_nothing_unsaid(
    superior: Superior, tmp_path: Path
) -> None:
    city, county = settings(tmp_path, superior.origin), settings(tmp_path, superior.origin, id="county")
    async with rig(tmp_path, city, county) as it:
        it.commit(4)
        await it.cascade.read()
        await it.cascade.senders[1].turn()
        left = CascadeOutbox(it.store, Audit(it.store, it.clock), (county,), it.clock)
        left.recover()
        assert left.backlog() == {}
        found = {each["superior"]: each for each in entries(it.store)}
        assert found["city"]["dropped"] == {"removed": 4}
        assert found["county"]["sent"]["images"] == 4
        left.recover()
        assert len(entries(it.store)) == 2


async def test_the_pipeline_names_the_cause(superior: Superior, tmp_path: Path) -> None:
    async with rig(tmp_path, settings(tmp_path, superior.origin, max_waiting=1)) as it:
        (probe,) = it.cascade.probes()
        await it.sender.loop.turn()
        assert await probe.run() is None
        superior.by_path["/VIID/Images"] = (503, b"")
        it.commit(3)
        await it.cascade.read()
        await it.sender.loop.turn()
        with pytest.raises(ProbeFault, match="superior_away: http_503"):
            await probe.run()
        superior.by_path.clear()
        it.pass_s(61)
        await it.sender.loop.turn()
        with pytest.raises(ProbeFault, match="superior_misses: outbox_full 2"):
            await probe.run()
        assert await probe.run() is None


async def test_a_turn_goes_over_few_connections(superior: Superior, tmp_path: Path) -> None:
    superior.keep_connections()
    async with rig(tmp_path, settings(tmp_path, superior.origin, parallel=2)) as it:
        it.commit(20)
        await it.read_and_send()
        assert it.waiting() == 0
        assert superior.requests > 40
        assert superior.connections <= 3


async def test_over_tls_the_superior_is_the_one_that_its_authority_names(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki", "localhost")
    with Superior(pki.server) as superior:
        async with rig(tmp_path, settings(tmp_path, superior.origin, ca_file=pki.ca_file)) as it:
            it.commit(3)
            await it.read_and_send()
        assert len(superior.of(IMAGES)) == 3
    other = Pki(tmp_path / "other", "elsewhere")
    with Superior(other.server) as stranger:
        async with rig(tmp_path, settings(tmp_path, stranger.origin, ca_file=other.ca_file)) as it:
            with pytest.raises(SuperiorAwayError, match="tls_failed"):
                await it.sender.turn()
        assert stranger.requests == 0


async def test_over_tls_a_stranger_gets_nothing(tmp_path: Path, superior: Superior) -> None:
    plain = superior.origin.replace("http://", "https://")
    async with rig(tmp_path, settings(tmp_path, plain)) as it:
        with pytest.raises(SuperiorAwayError, match="tls_failed"):
            await it.sender.turn()
    assert superior.calls == []


def written(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, ZONE):%Y%m%d%H%M%S}"


def entries(store: Store) -> list[dict[str, Any]]:
    query = select(AuditEntry.detail).where(AuditEntry.action == "viid.sent").order_by(AuditEntry.id)
    with store.transaction() as session:
        return [json.loads(detail) for detail in session.scalars(query)]
