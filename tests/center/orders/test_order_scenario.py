"""An order from a planted fault to the signed month, with an injected clock; and what may go wrong on its way."""

import asyncio
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from center.access.permissions import EVERYWHERE
from center.alarms.rules.inputs import PartFault
from center.assessment.maintenance import Plan
from center.evidence import cms
from tests.center.conftest import BOTH
from tests.center.orders.conftest import BOSS, HOUR_MS, MINUTE_MS, NORTH, SUE, TINA, TOM, Shift
from tests.center.street import AGENT

pytestmark = pytest.mark.anyio
FAULT = {"kind": "camera_fault", "for_s": 0, "order": "ordinary"}
MONTH = "2026-11"


async def contract(shift: Shift, **terms: object) -> None:
    """Terms and a roster of the district."""
    await shift.told(SUE, "PUT", "/terms", json={"district": NORTH, "terms": {"maintainer": "Acme 维护", **terms}})
    await shift.told(SUE, "PUT", "/roster", json={"district": NORTH, "duties": [{"username": TOM}]})


async def test_an_order_from_a_planted_fault_to_the_signed_month(shift: Shift, tmp_path: Path) -> None:
    await contract(shift, confirm=True)
    await shift.enforce(FAULT)
    await shift.turn()
    assert (await shift.told(BOSS, "GET", ""))["items"] == []

    begin_ms = shift.clock.now_ms
    shift.falls_away()
    await shift.pass_time(1)
    listed = (await shift.told(TOM, "GET", "", params={"assignee": "me"}))["items"]
    assert [(each["id"], each["state"], each["assignee"], each["maintainer"]) for each in listed] == [
        (1, "assigned", TOM, "Acme 维护")
    ]
    assert shift.sent() == ["crew: order-1-assigned-2"]

    await _told_in_time(shift)
    await _taken_by_the_first(shift)
    arrived_ms = await _arrived_while_offline(shift, begin_ms)
    await _proved_and_confirmed(shift)

    # the visit, and no more than that, is maintenance of the assessment
    windows = shift.services.assessment.maintenance.page(0, 10, EVERYWHERE)
    assert [(each.scope, each.camera_id, each.from_ms, each.reason) for each in windows] == [
        ("camera", "cam-1", arrived_ms, "order 1")
    ]
    assert windows[0].to_ms is not None
    assert windows[0].to_ms - arrived_ms <= 21 * MINUTE_MS
    await _signed(shift, tmp_path)
    actions = {entry.action for entry in shift.services.audit.page(limit=200)}
    assert {"order.opened", "order.accepted", "order.well", "order.confirmed", "order.terms", "order.export"} <= actions


async def _told_in_time(shift: Shift) -> None:
    """A reminder before the term, an escalation after it: each once, over restarts and a jump of the wall clock."""
    await shift.leap(43)
    assert shift.sent()[1:] == []
    shift.set_clock(3 * HOUR_MS)
    await shift.turn()
    assert shift.sent()[1:] == []
    await shift.leap(2)
    shift.start()
    await shift.leap(1)
    assert shift.sent()[1:] == ["crew: order-1-1-answer-soon"]
    await shift.leap(14)
    shift.start()
    await shift.turn()
    await shift.leap(1)
    assert shift.sent()[2:] == ["chief: order-1-1-answer-overdue"]
    assert [each["overdue"] for each in (await shift.told(SUE, "GET", "", params={"overdue": "true"}))["items"]] == [
        True
    ]
    shift.set_clock(-3 * HOUR_MS)


async def _taken_by_the_first(shift: Shift) -> None:
    """Two technicians at once: the first wins, the second is told who has it."""
    assert (await shift.step(TINA, "accept")).json()["order"]["state"] == "accepted"
    refused = await shift.step(TOM, "accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "order_taken")
    assert TINA in refused.json()["message"]
    assert (await shift.step(TOM, "arrive")).json()["code"] == "order_taken"


async def _arrived_while_offline(shift: Shift, begin_ms: int) -> int:
    """A telephone that was offline tells the same step twice, with the time at which it happened."""
    await shift.leap(30)
    arrived_ms = shift.clock.now_ms
    await shift.leap(20)
    same = {"step_id": str(uuid4()), "kind": "arrive", "told_at": arrived_ms}
    for _ in range(2):
        assert (await shift.ask(TINA, "POST", "/1/steps", json=same)).is_success
    reused = await shift.ask(TINA, "POST", "/1/steps", json={**same, "kind": "done"})
    assert (reused.status_code, reused.json()["code"]) == (409, "step_reused")
    assert (await shift.step(TINA, "part", parts=[{"name": "PoE 电源", "count": 1}])).is_success
    assert (await shift.step(TINA, "leave", told_at=begin_ms - HOUR_MS)).is_success  # not believable
    events = (await shift.told(SUE, "GET", "/1"))["events"]
    assert [(each["event"], each["counted_at_ms"] - begin_ms) for each in events[3:]] == [
        ("arrived", arrived_ms - begin_ms),
        ("parts", shift.clock.now_ms - begin_ms),
        ("left", shift.clock.now_ms - begin_ms),
    ]

    return arrived_ms


async def _proved_and_confirmed(shift: Shift) -> None:
    """The technician's word is not enough: the indicator has to be well for ten minutes."""
    assert (await shift.step(TINA, "done")).json()["order"]["state"] == "mended"
    await shift.pass_time(12)
    assert (await shift.told(SUE, "GET", "/1"))["order"]["state"] == "mended"
    shift.comes_back()
    await shift.pass_time(9)
    assert (await shift.told(SUE, "GET", "/1"))["order"]["state"] == "mended"
    await shift.pass_time(2)
    assert (await shift.told(SUE, "GET", "/1"))["order"]["state"] == "well"
    assert (await shift.ask(TINA, "POST", "/1/confirm", json={})).status_code == 403
    closed = await shift.told(SUE, "POST", "/1/confirm", json={"note": "seen"})
    assert closed["order"]["state"] == "closed"
    assert [(each["name"], each["state"]) for each in closed["clocks"]] == [
        ("answer", "missed"),
        ("on_site", "met"),
        ("mended", "met"),
    ]


async def _signed(shift: Shift, folder: Path) -> None:
    """The month as figures, as a sheet, and as a PDF whose signature holds."""
    figures = await shift.told(SUE, "GET", f"/months/{MONTH}")
    (acme,) = figures["maintainers"]
    assert (acme["maintainer"], acme["orders"], acme["mended"], acme["first_time_fixes"]) == ("Acme 维护", 1, 1, 1)
    assert acme["in_time_share"] == 0
    assert acme["answer"] == {"met": 0, "missed": 1, "share": 0}
    assert acme["by_told_time"] == 1
    assert 120 * MINUTE_MS < acme["mttr_ms"] < 140 * MINUTE_MS

    book = load_workbook(BytesIO((await shift.ask(SUE, "GET", f"/months/{MONTH}.xlsx")).content))
    assert book.worksheets[0]["A2"].value == "Acme 维护"
    assert book.worksheets[1]["E2"].value == TINA
    pdf = (await shift.ask(SUE, "GET", f"/months/{MONTH}.pdf")).content
    check_signature(pdf, shift, folder)


def check_signature(pdf: bytes, shift: Shift, folder: Path) -> None:
    """Verify the signature in a PDF by the key of the centre's certificate, and by a reader where there is one."""
    found = re.findall(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", pdf)
    assert len(found) == 1
    end, behind, rest = map(int, found[0])
    assert behind + rest == len(pdf)
    signature = bytes.fromhex(pdf[end + 1 : behind - 1].decode()).rstrip(b"\0")
    signed = cms.read(signature, detached=pdf[:end] + pdf[behind:])
    assert signed.leaf == shift.desk.sealer.signer.certificate
    changed = pdf[:end].replace(b"Acme", b"Acne") + pdf[behind:-1] + b" "
    with pytest.raises(cms.BadCmsError):
        cms.read(signature, detached=changed)
    if shutil.which("pdfsig"):
        (folder / "month.pdf").write_bytes(pdf)
        said = subprocess.run(["pdfsig", "-nocert", folder / "month.pdf"], capture_output=True, text=True, check=False)
        assert "Signature is Valid" in said.stdout, said
        assert "Total document signed" in said.stdout


async def test_a_fault_has_one_order_over_restarts_and_comes_back_into_it(shift: Shift) -> None:
    await contract(shift)
    await shift.enforce(FAULT)
    await shift.enforce(FAULT, "the same fault again")
    shift.falls_away()
    for _ in range(3):
        await shift.pass_time(1)
        shift.start()
    assert len((await shift.told(BOSS, "GET", ""))["items"]) == 1
    assert (await shift.step(TOM, "accept")).is_success
    assert (await shift.step(TOM, "done")).is_success
    shift.comes_back()
    await shift.pass_time(11)
    assert (await shift.told(BOSS, "GET", "/1"))["order"]["state"] == "closed"
    await shift.leap(24 * 60)
    shift.falls_away()
    await shift.pass_time(1)
    again = await shift.told(BOSS, "GET", "/1")
    assert (again["order"]["state"], again["order"]["assignee"]) == ("assigned", TOM)
    assert [(each["name"], each["opening"], each["state"]) for each in again["clocks"]][3:] == [
        ("answer", 2, "running"),
        ("on_site", 2, "running"),
        ("mended", 2, "running"),
    ]
    # once it is well for longer than the term, the same fault makes another order
    assert (await shift.step(TOM, "accept")).is_success
    assert (await shift.step(TOM, "done")).is_success
    shift.comes_back()
    await shift.pass_time(11)
    await shift.leap(73 * 60)
    shift.falls_away()
    await shift.pass_time(1)
    assert [each["id"] for each in (await shift.told(BOSS, "GET", ""))["items"]] == [2, 1]
    (acme,) = (await shift.told(SUE, "GET", f"/months/{MONTH}"))["maintainers"]
    assert (acme["orders"], acme["mended"], acme["first_time_fixes"]) == (2, 1, 0)


async def test_what_ends_an_order_without_a_repair(shift: Shift) -> None:
    await contract(shift)
    await shift.enforce(FAULT)
    devices = shift.services.devices
    # planned maintenance: no order before it ends
    plan = Plan(scope="camera", agent_id=AGENT, camera_id="cam-2", from_ms=shift.clock.now_ms, reason="new mast")
    window = shift.services.assessment.maintenance.enter(plan, actor=BOSS)
    shift.falls_away("cam-2")
    await shift.pass_time(2)
    assert (await shift.told(BOSS, "GET", ""))["items"] == []
    shift.services.assessment.maintenance.end(window.id, to_ms=shift.clock.now_ms, actor=BOSS)
    shift.falls_away()
    await shift.pass_time(1)
    listed = (await shift.told(BOSS, "GET", ""))["items"]
    assert sorted(each["camera_id"] for each in listed) == ["cam-1", "cam-2"]
    by_camera = {each["camera_id"]: each["id"] for each in listed}

    # a camera that is removed, and one that is well again before a technician accepted
    devices.removed(AGENT, "cam-1")
    shift.comes_back("cam-2")
    await shift.pass_time(11)
    gone = await shift.told(BOSS, "GET", f"/{by_camera['cam-1']}")
    assert (gone["order"]["state"], gone["events"][-1]["note"]) == ("void", "camera_removed")
    well = await shift.told(BOSS, "GET", f"/{by_camera['cam-2']}")
    assert (well["order"]["state"], well["events"][-1]["event"]) == ("closed", "recovered")
    late = await shift.step(TOM, "accept", by_camera["cam-1"])
    assert (late.status_code, late.json()["code"]) == (409, "order_state")
    (acme,) = (await shift.told(SUE, "GET", f"/months/{MONTH}"))["maintainers"]
    assert (acme["orders"], acme["void"], acme["recovered"], acme["mttr_ms"]) == (2, 1, 1, None)


async def test_a_wait_for_the_owner_stops_the_clocks_and_a_fault_of_the_chain_has_its_order(shift: Shift) -> None:
    await contract(shift)
    await shift.enforce({"kind": "platform_fault", "parts": ["query"], "for_s": 0, "order": "key"})
    await shift.enforce(FAULT)
    shift.away["query"] = PartFault("connection refused")
    shift.falls_away()
    await shift.pass_time(1)
    chain, camera = sorted((await shift.told(BOSS, "GET", ""))["items"], key=lambda each: each["camera_id"])
    assert (chain["fault"], chain["is_key"], chain["state"], chain["assignee"]) == ("query", True, "open", "")
    assert f"chief: order-{chain['id']}-nobody" in shift.sent()
    hidden = await shift.ask(TOM, "GET", f"/{chain['id']}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "unknown_order")
    unable = await shift.ask(BOSS, "POST", f"/{chain['id']}/assign", json={"username": TOM})
    assert (unable.status_code, unable.json()["code"]) == (422, "not_a_technician")

    number = camera["id"]
    assert (await shift.ask(TOM, "POST", f"/{number}/wait", json={"waits": True})).status_code == 403
    await shift.told(SUE, "POST", f"/{number}/wait", json={"waits": True, "note": "no power in the street"})
    await shift.leap(10 * 60)
    waits = await shift.told(SUE, "GET", f"/{number}")
    assert (waits["order"]["waiting"], waits["order"]["overdue"]) == (True, False)
    assert {each["state"] for each in waits["clocks"]} == {"paused"}
    await shift.told(SUE, "POST", f"/{number}/wait", json={"waits": False})
    await shift.leap(50)
    assert [each for each in shift.sent() if each.startswith(f"crew: order-{number}-1")] == [
        f"crew: order-{number}-1-answer-soon"
    ]
    shift.away.clear()
    await shift.pass_time(11)
    assert (await shift.told(BOSS, "GET", f"/{chain['id']}"))["order"]["state"] == "closed"


@BOTH
async def test_an_order_by_hand_is_taken_by_one_of_two_at_the_same_moment_and_goes_after_its_time(shift: Shift) -> None:
    await shift.told(SUE, "PUT", "/terms", json={"district": NORTH, "terms": {"evidence_min": 1}})
    new = {"agent_id": AGENT, "camera_id": "cam-1", "cause": "a dirty pane"}
    assert (await shift.ask(TOM, "POST", "", json=new)).status_code == 403
    number = (await shift.told(SUE, "POST", "", json=new))["order"]["id"]
    again = await shift.ask(SUE, "POST", "", json=new)
    assert (again.status_code, again.json()["code"]) == (409, "order_exists")
    await shift.pass_time(2)
    assert (await shift.told(SUE, "GET", f"/{number}"))["order"]["state"] == "open"  # online proves nothing of a pane

    both = await asyncio.gather(shift.step(TOM, "accept", number), shift.step(TINA, "accept", number))
    assert sorted(each.status_code for each in both) == [200, 409]
    taker = next(each for each in both if each.is_success).json()["order"]["assignee"]
    assert taker in next(each for each in both if not each.is_success).json()["message"]
    assert (await shift.step(taker, "done", number)).is_success
    await shift.pass_time(2)
    well = await shift.told(SUE, "GET", f"/{number}")
    assert (well["order"]["state"], well["confirmable"]) == ("well", True)
    sent_back = await shift.told(SUE, "POST", f"/{number}/confirm", json={"confirms": False, "note": "still dirty"})
    assert sent_back["order"]["state"] == "assigned"
    await shift.told(SUE, "POST", f"/{number}/void", json={"reason": "the pane is replaced in spring"})

    shift.clock.now_ms += 1097 * 24 * HOUR_MS
    shift.services.orders.forget()
    assert (await shift.told(BOSS, "GET", ""))["items"] == []
