"""A case from its draft to its end over the API, in a fake world: who may do what, and what the archive is asked."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from center.access.permissions import CameraKey, Permission, Role
from center.access.users import GrantRequest
from center.cases.desk_pictures import SOURCE_KEY
from center.cases.tables import CaseMachineRecord, CasePictureRecord
from center.credentials import SESSION
from edge_agent.sources.upload import recording
from provisioning.contracts import ids
from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.wire.messages import PictureState
from tests.center.cases.conftest import CASE, HOUR_MS, NUMBER, Street, terms
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import member, roster

pytestmark = pytest.mark.anyio


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def searched(street: Street, **wanted: Any) -> dict[str, Any]:
    async with street.as_("ana") as ana:
        answer = await ana.post(f"{CASE}/search", json=wanted)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


def names(street: Street, found: dict[str, Any]) -> list[str]:
    by_key = {key: name for name, key in street.rows.items()}
    return [by_key[item["machine"]["row_key"]] for item in found["items"]]


async def judge(street: Street, name: str, verdict: str) -> httpx.Response:
    async with street.as_("ana") as ana:
        return await ana.put(f"{CASE}/machines/{street.rows[name]}/0", json={"verdict": verdict})


async def test_a_case_is_written_requested_and_approved_by_somebody_else_and_all_of_it_is_audited(
    street: Street,
) -> None:
    street.account("sam", GrantRequest(Role.SUPERVISOR))
    async with street.as_("sam") as sam:
        made = await sam.post("/api/cases", json={"number": NUMBER, "terms": terms(owner="sue")})
        assert (made.status_code, made.json()["case"]["state"], made.json()["case"]["owner"]) == (201, "draft", "sue")
        assert code(await sam.post(f"{CASE}/approve", json={"version": 1})) == (409, "case_state")
        assert (await sam.post(f"{CASE}/request", json={"version": 1})).json()["case"]["state"] == "requested"
        assert code(await sam.post(f"{CASE}/approve", json={"version": 1})) == (403, "second_person")
    async with street.as_("sue") as owner:
        assert code(await owner.post(f"{CASE}/approve", json={"version": 1})) == (403, "second_person")
    async with street.as_("ana") as analyst:
        assert code(await analyst.post(f"{CASE}/approve", json={"version": 1})) == (403, "forbidden")
    approved = await street.act(USERNAME, "approve")
    assert (approved["case"]["state"], approved["case"]["approved_by"]) == ("approved", USERNAME)
    assert [event["act"] for event in approved["events"]] == ["create", "request", "approve"]
    assert street.audited() == [("sam", "case.create"), ("sam", "case.request"), (USERNAME, "case.approve")]
    for entry in street.world.services.audit.page(limit=9, action="case."):
        said = json.loads(entry.detail)
        assert (said["case"], said["purpose"]) == (NUMBER, "theft of an e-bike")


async def test_a_token_of_the_same_account_is_the_same_person(street: Street) -> None:
    street.account("sam", GrantRequest(Role.SUPERVISOR))
    async with street.as_("sam") as sam:
        await sam.post("/api/cases", json={"number": NUMBER, "terms": terms(owner="ana")})
        await sam.post(f"{CASE}/request", json={"version": 1})
        asked = {"password": PASSWORD, "name": "t", "scopes": [Permission.CASE_APPROVE], "days": 1}
        made = await sam.post("/api/account/tokens", json=asked)
        assert made.status_code == 201, made.text
    async with street.world.browser(street.app) as program:
        program.headers["authorization"] = f"Bearer {made.json()['token']}"
        assert code(await program.post(f"{CASE}/approve", json={"version": 1})) == (403, "second_person")


async def test_what_was_approved_is_what_was_read(street: Street) -> None:
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})
        changed = await ana.put(CASE, json={"version": 1, "terms": terms(purpose="something else")})
        assert changed.json()["case"]["version"] == 2
        assert code(await ana.put(CASE, json={"version": 1, "terms": terms()})) == (409, "case_changed")
        await ana.post(f"{CASE}/request", json={"version": 2})
        assert code(await ana.put(CASE, json={"version": 2, "terms": terms()})) == (409, "case_state")
    async with street.as_("sue") as sue:
        assert code(await sue.post(f"{CASE}/approve", json={"version": 1})) == (409, "case_changed")
        refused = await sue.post(f"{CASE}/refuse", json={"version": 2, "comment": "too wide"})
    assert (refused.json()["case"]["state"], refused.json()["events"][-1]["comment"]) == ("draft", "too wide")
    async with street.as_("ana") as ana:
        assert code(await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})) == (409, "case_taken")


async def test_an_area_that_one_does_not_see_is_neither_written_nor_approved_nor_seen(street: Street) -> None:
    districts = street.world.services.districts
    districts.create("south", "South", actor=USERNAME)
    districts.set_cameras("south", [CameraKey(AGENT, "cam-9")], actor=USERNAME)
    street.account("sid", GrantRequest(Role.SUPERVISOR, "south"))
    async with street.as_("sid") as sid:
        other = await sid.post("/api/cases", json={"number": NUMBER, "terms": terms()})
        assert code(other) == (403, "area_out_of_sight")
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms(districts=["north", "south"])})
        await ana.post("/api/cases", json={"number": "B-1", "terms": terms()})
        await ana.post(f"{CASE}/request", json={"version": 1})
        empty = await ana.post("/api/cases", json={"number": "B-2", "terms": terms(districts=["nowhere"])})
        assert code(empty) == (403, "area_out_of_sight")
    async with street.as_("sid") as sid:
        assert [each["number"] for each in (await sid.get("/api/cases")).json()["items"]] == [NUMBER]
        assert code(await sid.get("/api/cases/B-1")) == (404, "unknown_case")
        assert code(await sid.get("/api/cases/B-1")) == code(await sid.get("/api/cases/nobody"))
        assert code(await sid.post(f"{CASE}/approve", json={"version": 1})) == (403, "area_out_of_sight")


async def test_a_case_waits_for_each_account_that_may_approve_it_and_for_no_other(street: Street) -> None:
    districts = street.world.services.districts
    districts.create("south", "South", actor=USERNAME)
    districts.set_cameras("south", [CameraKey(AGENT, "cam-9")], actor=USERNAME)
    street.account("sam", GrantRequest(Role.SUPERVISOR))
    street.account("sid", GrantRequest(Role.SUPERVISOR, "south"))
    street.account("nel", GrantRequest(Role.SUPERVISOR, "north"))

    async def waiting(name: str) -> list[str]:
        async with street.as_(name) as browser:
            identity = street.world.services.auth.identify(browser.cookies[SESSION])
        return [each.number for each in street.world.services.cases.book.to_approve(identity)]

    async with street.as_("sam") as sam:
        await sam.post("/api/cases", json={"number": NUMBER, "terms": terms(owner="sue")})
        assert await waiting("nel") == []
        await sam.post(f"{CASE}/request", json={"version": 1})
    seen = {name: await waiting(name) for name in ("sam", "sue", "ana", "sid", "nel", USERNAME)}
    assert seen == {"sam": [], "sue": [], "ana": [], "sid": [], "nel": [NUMBER], USERNAME: [NUMBER]}
    street.world.clock.now_ms += 49 * HOUR_MS
    assert await waiting("nel") == [], "it has expired"
    street.world.clock.now_ms -= 49 * HOUR_MS
    await street.act(USERNAME, "approve")
    assert await waiting("nel") == []


async def test_a_grant_in_one_case_opens_that_case_and_no_other(case: Street) -> None:
    case.account("cas", GrantRequest(Role.ANALYST, None, NUMBER))
    async with case.as_("cas") as guest:
        assert (await guest.get(CASE)).status_code == 200
        assert (await guest.post(f"{CASE}/search", json={})).status_code == 200
        assert code(await guest.get("/api/cases/other")) == (403, "forbidden")
        assert code(await guest.get("/api/observations")) == (403, "forbidden")


async def test_a_member_of_one_case_sees_the_whole_picture_of_what_the_case_has_and_of_nothing_else(
    case: Street,
) -> None:
    await searched(case)
    async with case.as_("ana") as ana:
        place = (await ana.post(f"{CASE}/pictures")).json()
        case.bring(place)
        await ana.post("/api/cases", json={"number": "B-1", "terms": terms()})
        foreign = (await ana.post("/api/cases/B-1/pictures")).json()
    case.account("cas", GrantRequest(Role.ANALYST, None, NUMBER))
    async with case.as_("cas") as guest:
        for key in (case.rows["like"], case.rows["here"], place["row_key"]):
            shown = await guest.get(f"{CASE}/observations/{key}")
            assert (shown.status_code, shown.json()["row_key"]) == (200, key)
            assert "people" not in shown.text
            picture = await guest.get(f"{CASE}/observations/{key}/picture")
            assert picture.headers["content-type"] == "image/jpeg"
            assert picture.headers["x-picture-width"] == str(shown.json()["width"])
            assert picture.headers["x-picture-height"] == str(shown.json()["height"])
            assert picture.content == case.world.archive.jpegs[key]
            assert (await guest.get(f"/api/observations/{key}")).status_code == 403, "outside the case"
        for key in (case.rows["outside"], case.rows["car"], foreign["row_key"]):
            for path in (f"{CASE}/observations/{key}", f"{CASE}/observations/{key}/picture"):
                assert code(await guest.get(path)) == (404, "unknown_observation")
        assert code(await guest.get(f"/api/cases/B-1/observations/{case.rows['like']}")) == (403, "forbidden")
    acts = case.audited()
    assert acts.count(("cas", "case.show")) == acts.count(("cas", "case.show_picture")) == 3


async def test_a_member_of_one_case_in_another_district_sees_nothing_of_it(case: Street) -> None:
    districts = case.world.services.districts
    districts.create("south", "South", actor=USERNAME)
    districts.set_cameras("south", [CameraKey(AGENT, "cam-9")], actor=USERNAME)
    await searched(case)
    case.account("nor", GrantRequest(Role.ANALYST, "south", NUMBER))
    async with case.as_("nor") as guest:
        assert code(await guest.get(f"{CASE}/observations/{case.rows['like']}")) == (404, "unknown_case")


async def test_candidates_come_by_likeness_of_the_class_area_and_span_and_say_how(case: Street) -> None:
    found = await searched(case)
    assert names(case, found) == ["like", "double", "doubles-twin", "other"]
    first, last = found["items"][0]["score"], found["items"][-1]["score"]
    assert (first["likeness"], first["rejected"], first["colour"]) == (pytest.approx(0.98), None, 1.0)
    assert last["colour"] == 0.9  # blue, and the owner says red
    told = found["explained"]
    assert (told["cameras"], told["questions"], told["machines"], told["elsewhere"]) == (3, 1, 1, 0)
    assert (told["found"], told["judged"]) == (4, 0), "the sought picture is no find"
    (asked,) = case.world.archive.likened
    assert (asked.case, asked.purpose, asked.asked_by) == (NUMBER, "theft of an e-bike", "ana")
    assert asked.sources == tuple(f"{AGENT}/cam-{number}" for number in (1, 2, 3))
    assert set(asked.classes) == {"bicycle", "motorcycle"}
    assert (asked.from_ms, asked.to_ms) == (terms()["from_ms"], terms()["to_ms"])
    async with case.as_("ana") as ana:
        kept = (await ana.get(f"{CASE}/candidates")).json()
    assert kept["items"] == found["items"]


async def test_filters_narrow_what_the_case_allows_and_never_widen_it(case: Street) -> None:
    assert names(case, await searched(case, cameras=[f"{AGENT}/cam-2"])) == ["like"]
    assert names(case, await searched(case, colours=["blue"])) == ["other"]
    assert names(case, await searched(case, cls=["bicycle"])) == []
    assert names(case, await searched(case, from_ms=NOW_MS - HOUR_MS // 2)) == ["doubles-twin"]
    assert names(case, await searched(case, limit=1)) == ["like"]
    await searched(case, from_ms=0, to_ms=NOW_MS + 9 * HOUR_MS)
    assert case.world.archive.likened[-1].from_ms == terms()["from_ms"]
    assert case.world.archive.likened[-1].to_ms == terms()["to_ms"]
    async with case.as_("ana") as ana:
        outside = await ana.post(f"{CASE}/search", json={"cameras": [f"{AGENT}/cam-9"]})
        assert code(outside) == (422, "case_terms")
        assert code(await ana.post(f"{CASE}/search", json={"cls": ["person"]})) == (422, "invalid_request")


async def test_a_rejection_lowers_what_is_like_it_and_a_confirmation_is_asked_with(case: Street) -> None:
    await searched(case)
    assert (await judge(case, "double", "rejected")).json()["verdict"] == "rejected"
    assert (await judge(case, "like", "confirmed")).json()["verdict"] == "confirmed"
    again = await searched(case)
    assert names(case, again) == ["other", "doubles-twin"]
    twin = again["items"][-1]["score"]
    assert twin["rejected"] == pytest.approx(0.99)
    assert twin["like"] < twin["likeness"]
    assert (again["explained"]["machines"], again["explained"]["rejected"], again["explained"]["judged"]) == (2, 1, 2)
    positive, negative = case.world.archive.likened[-2:]
    assert [ref.row_key for ref in positive.machines] == [case.rows["here"], case.rows["like"]]
    assert [ref.row_key for ref in negative.machines] == [case.rows["double"]]
    assert (await judge(case, "double", "candidate")).status_code == 200  # taken back
    assert (await searched(case))["explained"]["rejected"] == 0
    assert [action for _, action in case.audited()][-5:] == [
        "case.rejected",
        "case.confirmed",
        "case.search",
        "case.candidate",
        "case.search",
    ]


async def test_confirmed_sightings_have_places_in_order_of_time_and_lead_to_cameras_to_ask(case: Street) -> None:
    await searched(case)
    await judge(case, "double", "confirmed")
    await judge(case, "like", "confirmed")
    async with case.as_("ana") as ana:
        seen = (await ana.get(f"{CASE}/sightings")).json()
        assert names(case, seen) == ["like", "double"]
        assert seen["items"][0]["latitude"] == pytest.approx(30 + 1 / 111.195)
        footage = (await ana.get(f"{CASE}/footage")).json()
    cameras = {each["camera_id"] for each in footage["items"]}
    assert "cam-1" in cameras
    assert footage["without_place"] == 0
    assert all(each["from_ms"] < each["to_ms"] for each in footage["items"])


async def test_nobody_decides_on_what_is_none_of_the_case(case: Street) -> None:
    await searched(case)
    for name in ("car", "outside", "here"):
        assert code(await judge(case, name, "confirmed")) == (404, "unknown_case_machine")


@pytest.mark.parametrize("end", ["revise", "close", "expire"])
async def test_a_case_that_is_not_approved_any_more_asks_nothing(case: Street, end: str) -> None:
    await searched(case)
    asked = len(case.world.archive.likened)
    if end == "expire":
        # Its sessions end before it does: what counts is the clock.
        case.world.clock.now_ms += 48 * HOUR_MS
    else:
        await case.act("ana", end)
    async with case.as_("ana") as ana:
        assert code(await ana.post(f"{CASE}/search", json={})) == (409, "case_not_approved")
        judged = await ana.put(f"{CASE}/machines/{case.rows['like']}/0", json={"verdict": "confirmed"})
        assert code(judged) == (409, "case_not_approved")
        assert code(await ana.get(f"{CASE}/footage")) == (409, "case_not_approved")
    assert len(case.world.archive.likened) == asked


async def test_one_that_has_expired_is_revised_and_asks_for_approval_again(case: Street) -> None:
    case.world.clock.now_ms += 48 * HOUR_MS
    await case.act("ana", "revise")
    async with case.as_("ana") as ana:
        assert code(await ana.post(f"{CASE}/request", json={"version": 1})) == (422, "case_terms")
        later = terms(expires_at_ms=NOW_MS + 96 * HOUR_MS)
        assert (await ana.put(CASE, json={"version": 1, "terms": later})).json()["case"]["version"] == 2
    await case.act("ana", "request", 2)
    assert (await case.act("sue", "approve", 2))["case"]["state"] == "approved"


async def test_without_a_sought_machine_nothing_is_asked(street: Street) -> None:
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})
    await street.act("ana", "request")
    await street.act("sue", "approve")
    async with street.as_("ana") as ana:
        assert code(await ana.post(f"{CASE}/search", json={})) == (409, "nothing_sought")
    assert street.world.archive.likened == []


async def test_a_picture_of_the_machine_that_is_gone_does_not_keep_the_others_from_being_asked_with(
    case: Street,
) -> None:
    await searched(case)
    await judge(case, "like", "confirmed")
    del case.world.archive.looks[case.rows["here"], 0]
    assert "double" in names(case, await searched(case))
    del case.world.archive.looks[case.rows["like"], 0]
    async with case.as_("ana") as ana:
        assert code(await ana.post(f"{CASE}/search", json={})) == (422, "not_comparable")


async def test_a_picture_goes_to_the_desk_agent_and_comes_back_as_the_one_row_that_was_foretold(street: Street) -> None:
    assert SOURCE_KEY == recording.SOURCE_KEY
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})
        await ana.post("/api/cases", json={"number": "B-1", "terms": terms()})
        place = (await ana.post(f"{CASE}/pictures")).json()
        assert place["arrived"] is False
        assert "wayside-edge ingest FILE --camera stolen --started-at 2026-" in place["command"]
        at_ms = place["started_at_ms"]
        assert place["row_key"] == f"desk:{ids.observation_id('stolen', at_ms, 'recording')}"
        street.bring(place)
        (listed,) = (await ana.get(f"{CASE}/pictures")).json()["items"]
        assert (listed["arrived"], [each["cls"] for each in listed["machines"]]) == (True, ["motorcycle"])
        sought = {"row_key": place["row_key"], "index": 0}
        # Another case has no part in it, though its analyst sees every camera.
        assert code(await ana.post("/api/cases/B-1/sought", json=sought)) == (403, "foreign_picture")
        assert (await ana.post(f"{CASE}/sought", json=sought)).status_code == 201
        assert (await ana.delete(f"{CASE}/sought/{place['row_key']}/0")).status_code == 204
        second = (await ana.post(f"{CASE}/pictures")).json()
        assert second["row_key"] != place["row_key"]


async def test_a_picture_that_the_edge_withheld_or_that_is_not_the_desks_is_refused(street: Street) -> None:
    street.account("ned", GrantRequest(Role.ANALYST, "north"))
    async with street.as_("ned") as ned:
        await ned.post("/api/cases", json={"number": NUMBER, "terms": terms()})
        place = (await ned.post(f"{CASE}/pictures")).json()
        # Another agent says that it has this camera and this moment: its rows bear its own name.
        street.machine("squatter", "stolen", place["started_at_ms"], 0.5, agent_id="cabinet-9")
        squatted = {"row_key": street.rows["squatter"], "index": 0}
        assert code(await ned.post(f"{CASE}/sought", json=squatted)) == (404, "unknown_observation")
        assert (await ned.get(f"{CASE}/pictures")).json()["items"][0]["arrived"] is False
        row, jpeg = observation("cam-1", NOW_MS - 1, 77, state=PictureState.WITHHELD)
        street.world.archive.add(row, jpeg)
        withheld = {"row_key": row.snapshot.row_key, "index": 0}
        assert code(await ned.post(f"{CASE}/sought", json=withheld)) == (404, "unknown_case_machine")


async def test_a_desk_agent_whose_certificate_was_revoked_brings_nothing_more(street: Street) -> None:
    world = street.world
    async with street.as_("ana") as ana:
        await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})
        place = (await ana.post(f"{CASE}/pictures")).json()
        street.bring(place)
        world.services.roster.accept(roster(world.seal_key, 1, member(Membership.REVOKED, "desk")))
        assert code(await ana.post(f"{CASE}/pictures")) == (409, "desk_missing")
        sought = await ana.post(f"{CASE}/sought", json={"row_key": place["row_key"], "index": 0})
        assert code(sought) == (409, "desk_missing")


async def test_when_a_case_is_over_what_was_derived_for_it_is_deleted_on_schedule_and_audited(case: Street) -> None:
    await searched(case)
    await judge(case, "like", "confirmed")
    async with case.as_("ana") as ana:
        await ana.post(f"{CASE}/pictures")

    def left() -> tuple[int, ...]:
        with case.world.store.transaction() as session:
            return tuple(
                session.scalar(select(func.count()).select_from(table)) or 0
                for table in (CaseMachineRecord, CasePictureRecord)
            )

    day_ms = 24 * HOUR_MS
    case.world.clock.now_ms += 2 * day_ms
    case.world.services.cases.sweep()
    assert left() == (5, 1)
    assert case.audited()[-1] == ("(cases)", "case.expire")
    case.world.clock.now_ms += 30 * day_ms - 1
    case.world.services.cases.sweep()
    assert left() == (5, 1)
    case.world.clock.now_ms += 1
    case.world.services.cases.sweep()
    case.world.services.cases.sweep()
    assert left() == (0, 0)
    assert case.audited()[-1] == ("(cases)", "case.delete")
    said = json.loads(case.world.services.audit.page(limit=1, action="case.delete")[0].detail)
    assert (said["case"], said["case_machines"], said["case_pictures"]) == (NUMBER, 5, 1)
    async with case.as_("ana") as ana:
        kept = (await ana.get(CASE)).json()["case"]
        assert (kept["state"], kept["deleted_at_ms"]) == ("expired", case.world.clock.now_ms)


async def test_what_cannot_be_audited_is_not_asked(case: Street, world: World) -> None:
    async with case.as_("ana") as ana:
        with world.store.transaction() as session:
            session.connection().exec_driver_sql("DROP TABLE audit_state")
        answer = await ana.post(f"{CASE}/search", json={})
    assert code(answer) == (503, "store_unavailable")
    assert world.archive.likened == []


@pytest.mark.parametrize("number", ["%2e%2e%2fusers", "a%00b", "'; DROP TABLE cases; --", "<script>", "x" * 65])
async def test_a_hostile_number_is_refused_before_anything_is_asked(street: Street, number: str) -> None:
    async with street.as_("ana") as ana:
        for answer in (
            await ana.get(f"/api/cases/{number}"),
            await ana.post("/api/cases", json={"number": number, "terms": terms()}),
        ):
            assert answer.status_code in {404, 422}, answer.text
    assert street.audited() == []


async def test_a_clock_that_is_months_ahead_once_ends_no_case_and_deletes_nothing(case: Street) -> None:
    await searched(case)
    await judge(case, "like", "confirmed")
    case.world.set_clock(200 * 24 * HOUR_MS)
    case.world.services.cases.sweep()
    async with case.as_("ana") as ana:
        assert (await ana.get(CASE)).json()["case"]["state"] == "expired"  # as that clock shows it, and nothing more
    case.world.set_clock(-200 * 24 * HOUR_MS)
    case.world.services.cases.sweep()
    async with case.as_("ana") as ana:
        assert (await ana.get(CASE)).json()["case"]["state"] == "approved"
    with case.world.store.transaction() as session:
        assert session.scalar(select(func.count()).select_from(CaseMachineRecord))
