"""*Ask the recorder* in a case: refused without approval and beyond its terms; what comes is looked through there."""

import json
from typing import Any

import httpx
import pytest

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from provisioning.contracts.fleet.commands import JobPhase, Verb
from provisioning.contracts.wire.messages import SourceKind
from tests.center.cases.conftest import CASE, HOUR_MS, NUMBER, Street, terms
from tests.center.conftest import USERNAME
from tests.center.street import AGENT, NOW_MS
from tests.center.tasks.job_agent import JobAgent
from tests.center.world import camera_status, heartbeat

pytestmark = pytest.mark.anyio

FROM_MS, TO_MS = NOW_MS - HOUR_MS - 1, NOW_MS - HOUR_MS // 2
"""Has *double* of cam-3; *doubles-twin* is at its end, and so not in it."""


def asked(*cameras: str, **changes: Any) -> dict[str, Any]:
    sources = [each if "/" in each else f"{AGENT}/{each}" for each in cameras]
    return {"cameras": sources, "started_at_ms": FROM_MS, "ended_at_ms": TO_MS, **changes}


@pytest.fixture
def agent(street: Street) -> JobAgent:
    world = street.world
    for camera_id in ("cam-1", "cam-2", "cam-3", "cam-9"):
        status = camera_status(camera_id).model_copy(update={"source": SourceKind.RTSP, "has_recorder": True})
        world.services.devices.changed(status)
    agent = JobAgent(AGENT, world.seal_key.seal, world.clock, world.mailbox.deliver)
    agent.report(None)
    world.services.devices.heard(heartbeat())
    return agent


def hand_over(street: Street, agent: JobAgent) -> None:
    while street.world.line.sent:
        agent.accept(*street.world.line.sent.pop(0))
        street.world.services.jobs.follow()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def written(street: Street, **changes: Any) -> None:
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms(**changes)})


async def approved(street: Street, **changes: Any) -> None:
    await written(street, **changes)
    await street.act("ana", "request")
    await street.act("sue", "approve")


async def test_no_recorder_is_asked_without_approval_or_beyond_the_case(street: Street, agent: JobAgent) -> None:
    await written(street)
    async with street.as_("ana") as ana:
        assert code(await ana.post(f"{CASE}/jobs", json=asked("cam-3"))) == (409, "case_not_approved")
        await ana.post(f"{CASE}/request", json={"version": 1})
        assert code(await ana.post(f"{CASE}/jobs", json=asked("cam-3"))) == (409, "case_not_approved")
    await street.act("sue", "approve")
    street.account("ona", GrantRequest(Role.OPERATOR))
    districts = street.world.services.districts
    districts.create("west", "West", actor=USERNAME)
    districts.set_cameras("west", [CameraKey(AGENT, "cam-1")], actor=USERNAME)
    street.account("wes", GrantRequest(Role.ANALYST, "west"))
    for name, body, expected in (
        ("ana", asked("cam-9"), (422, "beyond_case")),
        ("ana", asked("cam-3", started_at_ms=NOW_MS - 30 * HOUR_MS), (422, "beyond_case")),
        ("ana", asked("cam-77"), (422, "beyond_case")),
        ("wes", asked("cam-3"), (404, "unknown_camera")),
        ("wes", asked("cam-77"), (404, "unknown_camera")),
        ("ona", asked("cam-3"), (403, "forbidden")),
    ):
        async with street.as_(name) as browser:
            assert code(await browser.post(f"{CASE}/jobs", json=body)) == expected, (name, body)
    assert street.world.line.sent == []
    assert not [action for _actor, action in street.audited() if "task" in action]


async def test_what_comes_is_looked_through_in_the_case_by_time_and_of_that_span_alone(
    street: Street, agent: JobAgent
) -> None:
    await approved(street)
    async with street.as_("ana") as ana:
        answer = await ana.post(f"{CASE}/jobs", json=asked("cam-3"))
        assert answer.status_code == 201, answer.text
        (job,) = answer.json()["items"]
        assert (job["case"], job["purpose"], job["asked_by"]) == (NUMBER, "theft of an e-bike", "ana")
        hand_over(street, agent)
        agent.change(job["id"], phase=JobPhase.DONE, ended_at_ms=NOW_MS, selected=1, spooled=1)
        street.world.services.jobs.follow()
        (listed,) = (await ana.get(f"{CASE}/jobs")).json()["items"]
        assert (listed["phase"], listed["pictures"]) == ("done", 1)
        found = (await ana.post(f"{CASE}/jobs/{job['id']}/candidates")).json()
        assert [each["machine"]["row_key"] for each in found["items"]] == [street.rows["double"]]
        assert (found["items"][0]["score"], found["left_out"]) == (None, 0)
        judged = await ana.put(f"{CASE}/machines/{street.rows['double']}/0", json={"verdict": "confirmed"})
        assert judged.status_code == 200
        assert (await ana.get(f"{CASE}/sightings")).json()["items"][0]["machine"]["camera_id"] == "cam-3"
        assert code(await ana.post(f"{CASE}/jobs/0000/candidates")) == (404, "unknown_job")
    assert ("ana", "case.task_start") in street.audited()
    entry = street.world.services.audit.page(limit=1, action="case.task_start")[0]
    said = json.loads(entry.detail)
    assert (said["case"], said["purpose"], said["job"]) == (NUMBER, "theft of an e-bike", job["id"])


async def test_with_a_picture_of_the_sought_machine_they_come_by_likeness(case: Street, agent: JobAgent) -> None:
    async with case.as_("ana") as ana:
        body = asked("cam-3", ended_at_ms=NOW_MS)
        (job,) = (await ana.post(f"{CASE}/jobs", json=body)).json()["items"]
        found = (await ana.post(f"{CASE}/jobs/{job['id']}/candidates")).json()["items"]
    keys = [each["machine"]["row_key"] for each in found]
    assert keys == [case.rows["double"], case.rows["doubles-twin"]]
    assert found[0]["score"]["likeness"] > found[1]["score"]["likeness"]


async def test_when_the_approval_ends_its_jobs_are_cancelled(street: Street, agent: JobAgent) -> None:
    await approved(street)
    async with street.as_("ana") as ana:
        answer = await ana.post(f"{CASE}/jobs", json=asked("cam-1", "cam-3"))
        hand_over(street, agent)
        assert {each["phase"] for each in (await ana.get(f"{CASE}/jobs")).json()["items"]} == {"running"}
        await ana.post(f"{CASE}/close", json={"version": 1})
        street.world.services.jobs.follow()
        hand_over(street, agent)
        assert {each["phase"] for each in (await ana.get(f"{CASE}/jobs")).json()["items"]} == {"cancelled"}
    assert len(answer.json()["items"]) == 2
    assert [command.verb for command in agent.taken] == [Verb.START, Verb.START, Verb.CANCEL, Verb.CANCEL]
    assert [actor for actor, action in street.audited() if action == "case.task_cancel"] == ["(tasks)", "(tasks)"]


async def test_a_case_that_one_does_not_see_is_not_named_with_its_jobs(street: Street, agent: JobAgent) -> None:
    await approved(street)
    street.account("tom", GrantRequest(Role.TECHNICIAN))
    async with street.as_("ana") as ana:
        await ana.post(f"{CASE}/jobs", json=asked("cam-1"))
    async with street.as_("tom") as tom:
        (job,) = (await tom.get("/api/jobs")).json()["items"]
        assert (job["in_case"], job["case"], job["purpose"]) == (True, None, None)
        assert code(await tom.get(f"{CASE}/jobs")) == (403, "forbidden")


async def test_a_member_of_one_case_alone_steers_the_jobs_of_it_and_no_others(street: Street, agent: JobAgent) -> None:
    await approved(street)
    street.account("mia", GrantRequest(Role.ANALYST, case_id=NUMBER))
    async with street.as_("ana") as ana:
        work = {"kind": "span", "started_at_ms": FROM_MS, "ended_at_ms": TO_MS}
        body = {"cameras": [f"{AGENT}/cam-1"], "purpose": "of no case", "work": work}
        (other,) = (await ana.post("/api/jobs", json=body)).json()["items"]
    hand_over(street, agent)
    async with street.as_("mia") as mia:
        (own,) = (await mia.post(f"{CASE}/jobs", json=asked("cam-1"))).json()["items"]
        hand_over(street, agent)
        assert code(await mia.post(f"/api/jobs/{own['id']}/pause")) == (403, "forbidden")
        for act, phase in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
            answer = await mia.post(f"/api/jobs/{own['id']}/{act}", params={"case_id": NUMBER})
            assert answer.status_code == 200, answer.text
            hand_over(street, agent)
            (listed,) = (await mia.get(f"{CASE}/jobs")).json()["items"]
            assert listed["phase"] == phase
        for act in ("pause", "cancel"):
            answer = await mia.post(f"/api/jobs/{other['id']}/{act}", params={"case_id": NUMBER})
            assert code(answer) == (404, "unknown_job")
        answer = await mia.post("/api/jobs", json=body, params={"case_id": NUMBER})
        assert code(answer) == (404, "unknown_camera")
    assert ("mia", "case.task_cancel") in street.audited()
