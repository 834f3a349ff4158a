"""Each route that shows what is of a camera is asked by somebody of another district: it is as if it were not there.

What is made in a district stays in it: rules, exports and assessments of its cameras alone.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from center.access.permissions import PLACED, CameraKey, Role
from center.access.route_permissions import FOREIGN, STATIC_PREFIX, RoutePermissions
from center.access.users import GrantRequest
from tests.center.cases.conftest import terms
from tests.center.shared_api import api
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.whole import (
    ADMINISTRATOR,
    DASHBOARD,
    DISTRICT,
    OTHER,
    PASSWORD,
    PLACE,
    WHOLE,
    Whole,
    enforced,
    ordered,
    whole_centre,
)
from tests.support.waiting import until

SUPERVISOR: Final = "sue"
ELSEWHERE: Final = f"{AGENT}/cam-2"
ZONE: Final[dict[str, Any]] = {"name": "yard", "what": {"kind": "zone_entry", "polygon": WHOLE}}
FOR: Final = {"case": "J2026-118", "purpose": "a theft", "requester": "the desk"}
BODIES: Final[dict[str, Any]] = {
    "change_rule": {"version": 1, "text": ZONE | {"cameras": [PLACE]}},
    "switch_rule_on": {"version": 1},
    "permit_upload": {"purpose": "theft"},
    "acknowledge_alarm": {},
    "comment_alarm": {"comment": "mine"},
    "escalate_alarm": {},
    "close_alarm": {},
    "change_case": {"version": 1, "terms": terms(districts=["south"])},
    "add_sought": {"row_key": f"{AGENT}:{'1' * 32}", "index": 0},
    "search_case": {},
    "order_task": {"priority": "last"},
    "order_job": {"priority": "last"},
    "ask_recorder": {"cameras": [ELSEWHERE], "started_at_ms": NOW_MS - 7_200_000, "ended_at_ms": NOW_MS - 3_600_000},
    "judge_candidate": {"verdict": "confirmed"},
    "assign_order": {"username": "sue"},
    "add_order_step": {"step_id": "00000000-0000-4000-8000-000000000000", "kind": "accept", "told_at": NOW_MS},
    "pause_order": {"waits": True},
    "confirm_order": {},
    "void_order": {"reason": "mine"},
    **{f"{act}_case": {"version": 1} for act in ("request", "withdraw", "approve", "refuse", "revise", "close")},
}
ASIDE: Final = ("/api/", STATIC_PREFIX, *FOREIGN)
"""What has an address with a parameter and is no page."""
REGISTER: Final = f"agent_id,camera_id,district,name\n{AGENT},cam-1,East,gate\n{AGENT},cam-2,West,hidden-name\n"


@dataclass(frozen=True)
class Hidden:
    """A centre, somebody of one district, and what is out of its sight."""

    whole: Whole
    sue: httpx.Client
    boss: httpx.Client
    parameters: dict[str, tuple[object, object]]
    """By the name that a path has for it: something out of sight, and something that is not there."""


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hidden]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as whole:
        services = whole.services
        services.districts.create("south", "South", actor=ADMINISTRATOR)
        services.districts.set_cameras("south", [CameraKey(AGENT, "cam-2")], actor=ADMINISTRATOR)
        # Both roles together have every permission about cameras.
        both = [GrantRequest(role, DISTRICT) for role in (Role.SUPERVISOR, Role.TECHNICIAN)]
        services.users.add(SUPERVISOR, PASSWORD, both, actor=ADMINISTRATOR)
        services.assessment.register.take(REGISTER.encode(), actor=ADMINISTRATOR, replace=True)
        with whole.browser(ADMINISTRATOR) as boss, whole.browser(SUPERVISOR) as sue:
            rule_id = enforced(boss, ELSEWHERE)
            row, jpeg = observation("cam-2", NOW_MS - 4_000, 98)
            whole.archived(row, jpeg)
            until(lambda: len(boss.get("/api/alarms").json()["items"]) == 2)
            shared = {"district_id": "south", "name": "yard", "rule_id": rule_id, "version": 1}
            tactic_id = boss.post("/api/tactics", json=shared).json()["id"]
            alarm_id = boss.get("/api/alarms").json()["items"][0]["id"]
            export_id = _exported(boss, [row.snapshot.row_key])
            yield Hidden(
                whole,
                sue,
                boss,
                {
                    "row_key": (row.snapshot.row_key, f"{AGENT}:{'0' * 32}"),
                    "index": (0, 0),
                    "agent_id": (AGENT, AGENT),
                    "camera_id": ("cam-2", "cam-99"),
                    "rule_id": (rule_id, 9999),
                    "version": (1, 1),
                    "tactic_id": (tactic_id, 9999),
                    "alarm_id": (alarm_id, 9999),
                    "export_id": (export_id, "0" * 32),
                    "district_id": ("south", "nowhere"),
                    "month": ("2026-11", "2026-11"),
                    "case_id": (_opened(boss), "A-2026-99"),
                    "job_id": (ordered(boss, services, "cam-2"), "0" * 16),
                    "search_id": (_kept(boss), 9999),
                    "order_id": (_broken(boss), 9999),
                    "username": (ADMINISTRATOR, "nobody-of-that-name"),
                },
            )


def _exported(browser: httpx.Client, row_keys: list[str], case: str = FOR["case"]) -> str:
    asked = FOR | {"row_keys": row_keys, "case": case}
    export_id = str(browser.post("/api/evidence", json=asked).raise_for_status().json()["id"])
    until(lambda: browser.get(f"/api/evidence/{export_id}").json()["state"] != "running")
    return export_id


def _audit_of(browser: httpx.Client, export_id: str) -> list[dict[str, Any]]:
    file = browser.get(f"/api/evidence/{export_id}/file").raise_for_status()
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        entries: list[dict[str, Any]] = json.loads(archive.read("audit-extract.json"))["entries"]
        return entries


def _opened(browser: httpx.Client) -> str:
    number = "A-2026-18"
    browser.post("/api/cases", json={"number": number, "terms": terms(districts=["south"])}).raise_for_status()
    return number


def _broken(browser: httpx.Client) -> int:
    number = 0
    # The last of three: a page without any order has a 1 in it.
    for agent_id, camera_id in ((OTHER, "cam-1"), (OTHER, "cam-2"), (AGENT, "cam-2")):
        order = {"agent_id": agent_id, "camera_id": camera_id, "cause": "a loose cable"}
        number = int(browser.post("/api/orders", json=order).raise_for_status().json()["order"]["id"])
    return number


def _kept(browser: httpx.Client) -> int:
    kept = {"name": "mine", "filters": {"camera_id": ["cam-2"]}}
    return int(browser.post("/api/saved-searches", json=kept).raise_for_status().json()["id"])


def _of_one_thing() -> Iterator[tuple[str, str, str]]:
    """Every operation about cameras whose address names something."""
    for path, operations in api().openapi()["paths"].items():
        for method, operation in operations.items():
            about_cameras = operation.get("x-permission") in PLACED
            if "{" in path and about_cameras and "/months/" not in path and not path.startswith("/map/"):
                yield method, path, operation["operationId"]


@pytest.mark.parametrize(("method", "path", "operation_id"), tuple(_of_one_thing()))
def test_what_is_out_of_sight_is_answered_like_what_is_not_there(
    hidden: Hidden, method: str, path: str, operation_id: str
) -> None:
    body = BODIES.get(operation_id)
    said = [
        _unnamed(hidden, path, which, hidden.sue.request(method, f"/api{_address(hidden, path, which)}", json=body))
        for which in (0, 1)
    ]
    assert [status for status, _ in said] == [404, 404], said
    assert said[0] == said[1]


def _address(hidden: Hidden, path: str, which: int) -> str:
    """With a name for each parameter; a new one has to be given its two values above."""
    return path.format(**{name: values[which] for name, values in hidden.parameters.items()})


def _unnamed(hidden: Hidden, path: str, which: int, answer: httpx.Response) -> tuple[int, str]:
    """What is answered, without the names that were asked for."""
    text = answer.text
    for name, values in hidden.parameters.items():
        if f"{{{name}}}" in path and values[0] != values[1]:
            text = re.sub(rf"\b{re.escape(str(values[which]))}\b", "…", text)
    return answer.status_code, text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_of_what_is_out_of_sight_is_word_for_word_that_of_what_is_not_there(
    hidden: Hidden, language: str
) -> None:
    """Every page of the console whose address names something, also one that somebody adds tomorrow."""
    rules = RoutePermissions.of(hidden.whole.application.routes).rules
    pages = [rule for rule in rules if rule.method == "GET" and "{" in rule.path and not rule.path.startswith(ASIDE)]
    assert "/cameras/{agent_id}/{camera_id}" in {rule.path for rule in pages}
    headers = {"accept": "text/html", "cookie": f"{hidden.sue.headers['cookie']}; wayside_language={language}"}
    for rule in pages:
        said = [
            _unnamed(hidden, rule.path, which, hidden.sue.get(_address(hidden, rule.path, which), headers=headers))
            for which in (0, 1)
        ]
        status = 404 if rule.permission in PLACED else 403
        assert [each for each, _ in said] == [status, status], rule.path
        assert said[0] == said[1], rule.path


def test_rays_dashboard_is_linked_for_who_may_see_the_health_of_the_centre(hidden: Hidden) -> None:
    for browser, linked in ((hidden.sue, False), (hidden.boss, True)):
        page = browser.get("/cameras", headers={"accept": "text/html"})
        assert (page.status_code, DASHBOARD in page.text) == (200, linked)


def test_of_a_case_in_sight_a_picture_of_another_district_is_not_there(hidden: Hidden) -> None:
    made = hidden.sue.post("/api/cases", json={"number": "B-1", "terms": terms(districts=[DISTRICT])})
    assert made.status_code == 201, made.text
    path = "/cases/B-1/observations/{row_key}"
    said = [_unnamed(hidden, path, which, hidden.sue.get(_address(hidden, path, which))) for which in (0, 1)]
    assert said[0][0] == 404
    assert said[0] == said[1]


def test_a_page_of_what_is_in_sight_opens(hidden: Hidden) -> None:
    row_key = next(row.snapshot.row_key for row in hidden.whole.archive.rows if row.snapshot.camera_id == "cam-1")
    for path in (f"/cameras/{AGENT}/cam-1", f"/observations/{row_key}"):
        assert hidden.sue.get(path, headers={"accept": "text/html"}).status_code == 200, path
    for path in ("/rules/{rule_id}", "/cases/{case_id}", "/cases/{case_id}/change"):
        values = {name: values[0] for name, values in hidden.parameters.items()}
        assert hidden.boss.get(path.format(**values), headers={"accept": "text/html"}).status_code == 200, path
    assert hidden.boss.get(f"/users/{SUPERVISOR}", headers={"accept": "text/html"}).status_code == 200


def test_it_is_there_for_whoever_sees_all(hidden: Hidden) -> None:
    for name in ("row_key", "rule_id", "alarm_id", "export_id"):
        noun = {"row_key": "observations", "rule_id": "rules", "alarm_id": "alarms", "export_id": "evidence"}[name]
        assert hidden.boss.get(f"/api/{noun}/{hidden.parameters[name][0]}").status_code == 200


def test_no_list_names_it(hidden: Hidden) -> None:
    for path, operations in api().openapi()["paths"].items():
        permission = operations.get("get", {}).get("x-permission")
        if permission in PLACED and "{" not in path and path != "/alarms/stream":
            to_ms = (NOW_MS // 3_600_000 + 1) * 3_600_000  # people are counted on a grid
            span = {"from_ms": to_ms - 2 * 3_600_000, "to_ms": to_ms, "bin_ms": 3_600_000}
            where: dict[str, Any] = {
                "period": "2026-11",
                "agent_id": AGENT,
                "camera_id": "cam-1",
                "purpose": "a theft",
                **span,
            }
            wanted = {each["name"] for each in operations["get"].get("parameters", ())}
            answer = hidden.sue.get(f"/api{path}", params={name: where[name] for name in wanted & where.keys()})
            assert answer.is_success, (path, answer.text)
            for word in ("cam-2", OTHER, "hidden-name", "West"):
                assert word.encode() not in _unpacked(answer.content), (path, word)


def _unpacked(content: bytes) -> bytes:
    """A workbook is a ZIP of XML."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return b"".join(book.read(name) for name in book.namelist())


def test_a_rule_of_the_district_is_made_previewed_and_switched_on_in_it(hidden: Hidden) -> None:
    number = enforced(hidden.sue, PLACE)
    listed = [rule["id"] for rule in hidden.sue.get("/api/rules").json()["items"]]
    assert number in listed
    assert hidden.parameters["rule_id"][0] not in listed
    assert hidden.sue.get(f"/api/rules/{number}/versions").json()[0]["text"]["cameras"] == [PLACE]
    assert hidden.sue.delete(f"/api/rules/{number}").json()["retired"]


@pytest.mark.parametrize("cameras", [[ELSEWHERE], [PLACE, ELSEWHERE], [f"{AGENT}/cam-99"], [f"{OTHER}/cam-1"]], ids=str)
def test_a_rule_does_not_look_beyond_its_authors_sight(hidden: Hidden, cameras: list[str]) -> None:
    refused = hidden.sue.post("/api/rules", json=ZONE | {"cameras": cameras})
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_beyond_sight")
    number = hidden.sue.post("/api/rules", json=ZONE | {"cameras": [PLACE]}).json()["id"]
    change = {"version": 1, "text": ZONE | {"cameras": cameras}}
    assert hidden.sue.put(f"/api/rules/{number}", json=change).json()["code"] == "rule_beyond_sight"
    hidden.sue.delete(f"/api/rules/{number}").raise_for_status()


@pytest.mark.parametrize("what", [{"kind": "crowding", "threshold": 10}, {"kind": "platform_fault", "for_s": 60}])
def test_a_rule_that_looks_everywhere_is_the_whole_centres(hidden: Hidden, what: dict[str, Any]) -> None:
    text = {"name": "everywhere", "what": what}
    assert hidden.sue.post("/api/rules", json=text).json()["code"] == "rule_beyond_sight"
    number = hidden.boss.post("/api/rules", json=text).raise_for_status().json()["id"]
    assert hidden.sue.get(f"/api/rules/{number}").status_code == 404


def test_a_rule_that_reaches_further_by_the_version_in_force_is_not_the_districts(hidden: Hidden) -> None:
    number = enforced(hidden.boss, PLACE, ELSEWHERE)
    change = {"version": 1, "text": ZONE | {"cameras": [PLACE]}}
    hidden.boss.put(f"/api/rules/{number}", json=change).raise_for_status()
    assert hidden.sue.post(f"/api/rules/{number}/off").status_code == 404
    hidden.boss.post(f"/api/rules/{number}/off").raise_for_status()
    versions = hidden.sue.get(f"/api/rules/{number}/versions").json()
    assert [each["version"] for each in versions] == [2]
    assert hidden.sue.post(f"/api/rules/{number}/versions/1/preview").status_code == 404


def test_an_export_takes_what_is_in_sight_and_leaves_out_the_rest_as_unknown(hidden: Hidden) -> None:
    seen = next(row.snapshot.row_key for row in hidden.whole.archive.rows if row.snapshot.camera_id == "cam-1")
    beyond, absent = hidden.parameters["row_key"]
    export_id = _exported(hidden.sue, [seen, str(beyond), str(absent)])
    export = hidden.sue.get(f"/api/evidence/{export_id}").json()
    assert export["state"] == "ready", export
    assert [(out["row_key"], out["reason"]) for out in export["left_out"]] == [
        (beyond, "unknown"),
        (absent, "unknown"),
    ]
    file = hidden.sue.get(f"/api/evidence/{export_id}/file")
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".jpg")]) == 1
    assert export_id in json.dumps(hidden.sue.get("/api/evidence").json())


def test_an_export_under_the_number_of_a_case_out_of_sight_brings_none_of_its_audit(hidden: Hidden) -> None:
    seen = next(row.snapshot.row_key for row in hidden.whole.archive.rows if row.snapshot.camera_id == "cam-1")
    beyond, case = str(hidden.parameters["row_key"][0]), str(hidden.parameters["case_id"][0])
    for row_key in (seen, beyond):
        hidden.boss.get(f"/api/observations/{row_key}").raise_for_status()
    theirs = _exported(hidden.boss, [beyond], case=case)
    mine = _exported(hidden.sue, [seen, beyond], case=case)
    actions = [json.loads(entry["detail"]) | {"action": entry["action"]} for entry in _audit_of(hidden.sue, mine)]
    assert {each["action"] for each in actions} == {"observation.view", "evidence.export", "evidence.pictures"}
    assert not [each for each in actions if each.get("export") == theirs or each.get("row_key") == beyond]
    whole = _audit_of(hidden.boss, _exported(hidden.boss, [beyond], case=case))
    assert "case.create" in {entry["action"] for entry in whole}


def test_an_export_is_out_of_sight_once_its_camera_is(hidden: Hidden) -> None:
    seen = next(row.snapshot.row_key for row in hidden.whole.archive.rows if row.snapshot.camera_id == "cam-1")
    export_id = _exported(hidden.sue, [seen])
    districts = hidden.whole.services.districts
    districts.set_cameras(DISTRICT, [], actor=ADMINISTRATOR)
    try:
        for path in ("", "/file"):
            assert hidden.sue.get(f"/api/evidence/{export_id}{path}").status_code == 404
        assert export_id not in hidden.sue.get("/api/evidence").text
    finally:
        districts.set_cameras(DISTRICT, [CameraKey(AGENT, "cam-1")], actor=ADMINISTRATOR)


def test_one_that_failed_is_seen_by_who_began_it(hidden: Hidden) -> None:
    absent = str(hidden.parameters["row_key"][1])
    mine, anothers = _exported(hidden.sue, [absent]), _exported(hidden.boss, [absent])
    assert hidden.sue.get(f"/api/evidence/{mine}").json()["state"] == "failed"
    assert hidden.sue.get(f"/api/evidence/{anothers}").status_code == 404


def test_an_assessment_is_of_the_cameras_in_sight(hidden: Hidden) -> None:
    report = hidden.sue.get("/api/assessment/report", params={"period": "2026-11"}).json()
    assert (report["fleet"]["cameras"], [each["card"]["name"] for each in report["districts"]]) == (1, ["East"])
    whole = hidden.boss.get("/api/assessment/report", params={"period": "2026-11"}).json()
    assert whole["fleet"]["cameras"] > 1
    who = {"period": "2026-11-24", "agent_id": AGENT, "camera_id": "cam-2"}
    for path in ("evidence", "series"):
        beyond = hidden.sue.get(f"/api/assessment/{path}", params=who)
        absent = hidden.sue.get(f"/api/assessment/{path}", params=who | {"camera_id": "cam-99"})
        assert beyond.status_code == absent.status_code == 404
        assert beyond.json()["code"] == absent.json()["code"]


def test_what_an_assessment_goes_by_stays_the_whole_centres(hidden: Hidden) -> None:
    hidden.whole.services.users.add("tec", PASSWORD, [GrantRequest(Role.TECHNICIAN, DISTRICT)], actor=ADMINISTRATOR)
    with hidden.whole.browser("tec") as technician:
        for method, path in (("PUT", "settings"), ("PUT", "districts"), ("POST", "register"), ("POST", "maintenance")):
            assert technician.request(method, f"/api/assessment/{path}", json={}).status_code == 403
