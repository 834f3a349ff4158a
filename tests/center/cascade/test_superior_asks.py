"""Requests of superiors: three queries and two subscriptions are answered, everything else is refused with a reason."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from center.cascade import documents, refusals
from center.cascade.queries import MAX_BYTES
from center.cascade.superior_link import DATAGRAM_BYTES, MAX_ANSWERS
from center.cascade.upward_registration import RegistrationFault
from provisioning.sip import message as sip
from provisioning.sip.headers import Headers
from provisioning.sip.message import Request
from tests.center.cascade.above import DISTRICT, GROUP, OWN, SUPERIOR, Above, camera, catalog, fields, query, text

OFFER = b"v=0\r\no=x 0 0 IN IP4 192.0.2.50\r\ns=Play\r\n"


@pytest.fixture
def above() -> Above:
    registered = Above()
    registered.register()
    registered.take()
    return registered


# --- what is answered


def test_the_catalogue_is_told_with_its_tree(above: Above) -> None:
    assert above.ask("MESSAGE", query("Catalog")).status == 200
    parts = above.pass_s(1, answered=200)
    assert {each.headers.get("Content-Type") for each in parts} == {"Application/MANSCDP+xml"}
    assert [fields(each, "SumNum") for each in parts] == [["4"]] * len(parts)
    assert {*fields(parts[0], "SN")} == {"17"}
    items = [item for each in parts for item in re.findall(r"<Item>(.*?)</Item>", text(each))]
    codes = [re.findall(r"<DeviceID>(.*?)</DeviceID>", item)[0] for item in items]
    assert codes == [GROUP, DISTRICT, camera(1).code, camera(2).code]
    assert f"<ParentID>{GROUP}</ParentID>" in items[1]
    assert f"<BusinessGroupID>{GROUP}</BusinessGroupID>" in items[1]
    assert f"<ParentID>{DISTRICT}</ParentID>" in items[2]
    assert "<Name>东门1号</Name>" in items[2]
    assert "<Status>ON</Status>" in items[2]


def test_a_branch_of_the_tree_is_told_alone(above: Above) -> None:
    above.ask("MESSAGE", query("Catalog", camera(2).code))
    (part,) = above.pass_s(1, answered=200)
    assert fields(part, "SumNum") == ["1"]


def test_an_empty_catalogue_is_one_part() -> None:
    above = Above(catalog().of(()))
    above.register()
    above.ask("MESSAGE", query("Catalog"))
    (part,) = above.pass_s(1, answered=200)
    assert fields(part, "SumNum") == ["0"]
    assert '<DeviceList Num="0">' in text(part)


@pytest.mark.parametrize(("edition", "label"), [("2016", "GB2312"), ("2022", "GB18030")])
def test_each_edition_is_written_to_in_its_own_way(edition: str, label: str) -> None:
    above = Above(edition=edition)
    above.register()
    above.ask("MESSAGE", query("Catalog"))
    parts = above.pass_s(1, answered=200)
    assert all(each.body.startswith(f'<?xml version="1.0" encoding="{label}"?>'.encode()) for each in parts)
    assert any("<Owner>" in text(each) for each in parts) == (edition == "2016")


def test_no_datagram_is_longer_than_a_frame_and_nothing_is_lost() -> None:
    cameras = [camera(number, name=f"摄像机{number}" + "长" * (number % 60)) for number in range(1, 301)]
    above = Above(catalog(*cameras))
    above.register()
    above.raw.clear()
    above.ask("MESSAGE", query("Catalog"))
    parts = above.pass_s(30, answered=200)
    assert max(map(len, above.raw)) <= DATAGRAM_BYTES
    codes = [code for each in parts for item in re.findall(r"<Item>.*?</Item>", text(each)) for code in _code(item)]
    assert sorted(codes) == sorted([GROUP, DISTRICT, *(each.code for each in cameras)])
    assert [int(re.findall(r'Num="(\d+)"', text(each))[0]) for each in parts] == [
        text(each).count("<Item>") for each in parts
    ]


def test_the_edition_of_2022_waits_for_each_answer() -> None:
    above = Above(catalog(*map(camera, range(1, 41))), edition="2022")
    above.register()
    above.ask("MESSAGE", query("Catalog"))
    (first,) = above.pass_s(0.4)
    above.answer(first, 200)
    assert len(above.pass_s(0.1)) == 1


def test_a_part_that_is_lost_is_sent_again_and_the_rest_goes_on() -> None:
    above = Above(catalog(*map(camera, range(1, 101))))
    above.register()
    above.ask("MESSAGE", query("Catalog"))
    lost, *others = above.requests() + above.pass_s(0.1)
    for each in others:
        above.answer(each, 200)
    seen = {each.body for each in others} | {each.body for each in above.pass_s(40, answered=200)}
    codes = {code for body in seen for code in re.findall(rb"<Item><DeviceID>(\d+)", body)}
    assert len(codes) == 102
    assert lost.body in seen


def test_an_answer_goes_on_after_a_new_registration() -> None:
    above = Above(catalog(*map(camera, range(1, 101))))
    above.register()
    above.ask("MESSAGE", query("Catalog"))
    got = above.requests() + above.pass_s(0.1)
    for each in got[:2]:
        above.answer(each, 200)
    got = got[:2]
    above.link.disconnected(RegistrationFault.CONNECTION_LOST, above.now)
    above.take()
    above.register()
    got += [each for each in above.pass_s(5, answered=200) if each.method == "MESSAGE"]
    codes = [code for each in got for code in re.findall(rb"<Item><DeviceID>(\d+)", each.body)]
    assert len({*codes}) == 102


def test_an_answer_that_is_refused_three_times_is_given_up_and_counted(above: Above) -> None:
    above.ask("MESSAGE", query("Catalog"))
    above.pass_s(5, answered=500)
    assert above.link.dropped()["catalog_given_up"] == 1
    assert above.pass_s(5) == []


def test_an_answer_waits_ten_minutes_for_a_new_registration(above: Above) -> None:
    above.ask("MESSAGE", query("Catalog"))
    above.link.disconnected(RegistrationFault.CONNECTION_LOST, above.now)
    above.at_s += 601
    above.link.publish(catalog(), above.now)
    assert above.link.dropped()["catalog_given_up"] == 1


def test_what_is_no_sip_ends_a_tcp_connection() -> None:
    above = Above(transport="tcp")
    above.register()
    above.hear(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert above.link.hangs_up()
    assert above.link.dropped()["malformed"] == 1


def test_a_second_query_takes_the_place_of_the_first(above: Above) -> None:
    for sn in range(MAX_ANSWERS + 3):
        above.ask("MESSAGE", query("Catalog", sn=sn))
    assert above.link.dropped()["catalog_superseded"] == MAX_ANSWERS + 2
    parts = above.pass_s(50, answered=200)
    assert fields(parts[-1], "SN") == [str(MAX_ANSWERS + 2)]


def test_device_info_tells_the_platform_and_its_number_of_cameras(above: Above) -> None:
    above.ask("MESSAGE", query("DeviceInfo"))
    (answer,) = above.requests()
    assert (fields(answer, "Manufacturer"), fields(answer, "Firmware"), fields(answer, "Channel")) == (
        ["Wayside"],
        ["1.2"],
        ["2"],
    )


def test_device_status_tells_whether_a_camera_is_on() -> None:
    above = Above(catalog(camera(1), camera(2, is_on=False)))
    above.register()
    told = []
    for code in (OWN, camera(1).code, camera(2).code):
        above.ask("MESSAGE", query("DeviceStatus", code))
        (answer,) = above.requests()
        told += fields(answer, "Online")
    assert told == ["ONLINE", "ONLINE", "OFFLINE"]


def test_options_tells_the_methods(above: Above) -> None:
    response = above.ask("OPTIONS")
    assert (response.status, response.headers.get("Allow")) == (200, "MESSAGE, SUBSCRIBE, OPTIONS")


# --- subscriptions


def subscribe(above: Above, what: str = "Catalog", more: str = "", expires: int = 600) -> sip.Response:
    return above.ask("SUBSCRIBE", query(what, more=more), ("Event", f"{what};id=7"), ("Expires", str(expires)))


def test_changes_are_notified_in_the_dialog(above: Above) -> None:
    response = subscribe(above)
    assert (response.status, response.headers.get("Expires")) == (200, "600")
    above.link.publish(catalog(camera(1, is_on=False), camera(3)), above.now)
    notify = above.request()
    assert notify.method == "NOTIFY"
    assert notify.headers.get("Event") == "Catalog;id=7"
    assert (notify.headers.get("Subscription-State") or "").startswith("active;expires=600")
    assert notify.headers.get("From") == response.headers.get("To")
    assert notify.headers.get("Call-ID") == response.headers.get("Call-ID")
    events = dict(zip(fields(notify, "Event"), re.findall(r"<Item><DeviceID>(\d+)", text(notify)), strict=True))
    assert events == {"DEL": camera(2).code, "OFF": camera(1).code, "ADD": camera(3).code}
    above.answer(notify, 200)
    assert above.pass_s(30) == []


def test_what_changed_between_the_query_and_the_subscription_is_notified_once(above: Above) -> None:
    above.ask("MESSAGE", query("Catalog"))
    above.pass_s(1, answered=200)
    above.link.publish(catalog(camera(1, is_on=False), camera(2)), above.now)
    assert above.pass_s(1) == []
    subscribe(above)
    notify = above.request()
    assert (notify.method, fields(notify, "Event")) == ("NOTIFY", ["OFF"])
    above.answer(notify, 200)
    subscribe(above)  # again, and it asks for nothing: what it was told it is not told twice
    assert above.pass_s(30) == []


@pytest.mark.parametrize("asked", [OWN, camera(1).code])
def test_what_changed_while_the_catalogue_was_on_its_way_is_notified_again_after_it(asked: str, above: Above) -> None:
    """Its parts tell the states of the query, and come after a notice of what has changed since."""
    subscribe(above)
    above.ask("MESSAGE", query("Catalog", asked))
    parts = above.requests()
    above.link.publish(catalog(camera(1, is_on=False), camera(2)), above.now)
    first = above.request()
    above.answer(first, 200)
    assert (first.method, fields(first, "Event")) == ("NOTIFY", ["OFF"])
    for part in parts:
        above.answer(part, 200)
    *_, again = above.pass_s(1, answered=200)
    assert (again.method, fields(again, "Event")) == ("NOTIFY", ["OFF"])
    assert above.pass_s(30) == []


def test_a_camera_that_leaves_a_branch_while_the_branch_is_told_is_moved_and_not_gone(above: Above) -> None:
    subscribe(above)
    above.ask("MESSAGE", query("Catalog", DISTRICT))
    above.link.publish(catalog(replace(camera(1), parent=GROUP), camera(2)), above.now)
    notices = [each for each in above.pass_s(30, answered=200) if each.method == "NOTIFY"]
    assert [fields(each, "Event") for each in notices] == [["UPDATE"], ["UPDATE"]]


def test_changes_that_come_while_one_is_notified_wait_and_the_last_counts(above: Above) -> None:
    subscribe(above)
    for is_on in (False, True, False, True, False):
        above.link.publish(catalog(camera(1, is_on=is_on), camera(2)), above.now)
    first = above.request()
    above.answer(first, 200)
    (second,) = above.pass_s(1, answered=200)
    assert (fields(first, "Event"), fields(second, "Event")) == (["OFF"], ["OFF"])


def test_ten_thousand_changes_are_cut_and_none_is_lost(above: Above) -> None:
    subscribe(above)
    above.link.publish(catalog(*map(camera, range(1, 10_001))), above.now)
    above.raw.clear()
    found: set[str] = set()
    for notify in above.pass_s(60, answered=200):
        found |= {*re.findall(r"<Item><DeviceID>(\d+)", text(notify))}
    assert len(found) == 10_000 - 2
    assert max(map(len, above.raw)) <= DATAGRAM_BYTES


def test_a_subscription_is_renewed_and_ended_in_its_dialog(above: Above) -> None:
    response = subscribe(above)
    to, call = response.headers.get("To") or "", response.headers.get("Call-ID") or ""
    assert above.ask("SUBSCRIBE", b"", ("Event", "Catalog;id=7"), ("Expires", "900"), call=call, to=to).status == 200
    assert above.ask("SUBSCRIBE", b"", ("Event", "Catalog;id=7"), ("Expires", "0"), call=call, to=to).status == 200
    above.link.publish(catalog(), above.now)
    assert above.requests() == []
    assert above.ask("SUBSCRIBE", b"", ("Event", "Catalog;id=7"), call=call, to=to).status == 481


def test_a_subscription_that_is_not_renewed_ends(above: Above) -> None:
    subscribe(above, expires=30)
    above.pass_s(31, answered=200)
    above.link.publish(catalog(), above.now)
    assert above.requests() == []


def test_a_dialog_that_the_superior_has_forgotten_is_notified_once(above: Above) -> None:
    subscribe(above)
    above.link.publish(catalog(camera(1)), above.now)
    above.answer(above.request(), 481)
    above.link.publish(catalog(), above.now)
    assert above.requests() == []
    assert above.link.dropped()["subscription"] == 1


def test_a_camera_that_fails_is_an_alarm_of_a_devices_fault(above: Above) -> None:
    subscribe(above, "Alarm", "<AlarmMethod>0</AlarmMethod>")
    above.link.publish(catalog(camera(1, is_on=False), camera(2)), above.now)
    notify = above.request()
    assert fields(notify, "DeviceID") == [camera(1).code]
    assert (fields(notify, "AlarmMethod"), fields(notify, "AlarmDescription")) == (["6"], [documents.FAULT])
    above.answer(notify, 200)
    above.link.publish(catalog(camera(1), camera(2)), above.now)
    assert above.requests() == []


def test_a_camera_that_fails_and_is_renamed_at_once_is_an_alarm_too(above: Above) -> None:
    subscribe(above, "Alarm")
    above.link.publish(catalog(camera(1, is_on=False, name="西门"), camera(2)), above.now)
    assert fields(above.request(), "AlarmMethod") == ["6"]


def test_who_wants_no_faults_gets_none(above: Above) -> None:
    subscribe(above, "Alarm", "<AlarmMethod>5</AlarmMethod>")
    above.link.publish(catalog(camera(1, is_on=False), camera(2)), above.now)
    assert above.requests() == []


def test_alarms_that_nobody_takes_are_dropped_and_counted() -> None:
    cameras = [camera(number) for number in range(1, 1502)]
    above = Above(catalog(*cameras))
    above.register()
    subscribe(above, "Alarm")
    above.link.publish(catalog(*(replace(each, is_on=False) for each in cameras)), above.now)
    assert above.link.dropped()["alarm"] == 501


# --- what is refused

REFUSED = [
    ("MESSAGE", query("RecordInfo"), refusals.RECORDS),
    ("MESSAGE", query("MobilePosition"), refusals.POSITIONS),
    ("MESSAGE", query("ConfigDownload"), refusals.CONFIGURATION),
    ("MESSAGE", query("PresetQuery"), refusals.NOT_OFFERED),
    ("MESSAGE", query("DeviceControl", root="Control", more="<PTZCmd>A50F010800FF00BC</PTZCmd>"), refusals.CONTROL),
    ("MESSAGE", query("DeviceConfig", root="Control"), refusals.CONFIGURATION),
    ("MESSAGE", query("Broadcast", root="Notify"), refusals.NOT_OFFERED),
    ("MESSAGE", query("Catalog", "34020000001320999999"), refusals.UNKNOWN_DEVICE),
    ("MESSAGE", b"", refusals.MALFORMED),
    ("MESSAGE", b"v=0", refusals.MALFORMED),
    ("MESSAGE", b"<Query></Query>", refusals.MALFORMED),
    ("MESSAGE", b'<!DOCTYPE a [<!ENTITY b "c">]><Query>&b;</Query>', refusals.MALFORMED),
    ("MESSAGE", query("Catalog", more="<x>" + "a" * MAX_BYTES + "</x>"), refusals.OVERSIZE),
    ("SUBSCRIBE", query("MobilePosition"), refusals.POSITIONS),
    ("SUBSCRIBE", query("PTZPosition"), refusals.BAD_EVENT),
    ("INVITE", OFFER, refusals.VIDEO),
    ("INVITE", OFFER.replace(b"Play", b"Playback"), refusals.VIDEO),
    ("INVITE", OFFER.replace(b"Play", b"Download"), refusals.VIDEO),
    ("REGISTER", b"", refusals.REGISTERS_WITH_US),
    ("BYE", b"", refusals.NO_DIALOG),
    ("CANCEL", b"", refusals.NO_DIALOG),
    ("NOTIFY", query("Catalog", root="Notify"), refusals.NO_DIALOG),
    ("PUBLISH", b"", refusals.METHOD),
]


@pytest.mark.parametrize(("method", "body", "refusal"), REFUSED)
def test_the_rest_is_refused_with_status_and_reason(
    above: Above, method: str, body: bytes, refusal: refusals.AskRefusal
) -> None:
    response = above.ask(method, body, ("Event", "Catalog"))
    assert response.status == refusal.status
    assert refusal.reason in (response.headers.get("Reason") or "")
    assert refusal.reason in (response.headers.get("Warning") or "")
    assert above.requests() == []
    assert above.link.counts["refused", refusal.name] == 1


def test_nobody_but_the_superior_is_answered(above: Above) -> None:
    assert above.ask("MESSAGE", query("Catalog"), sender="34020000002000000099").status == 403
    assert above.link.counts["refused", "stranger"] == 1


def test_a_request_of_our_own_id_is_a_loop(above: Above) -> None:
    assert above.ask("MESSAGE", query("Catalog"), sender=OWN).status == 482
    assert above.link.counts["refused", "loop"] == 1


def test_before_it_has_registered_us_a_superior_gets_nothing() -> None:
    above = Above()
    above.connect()
    assert above.ask("MESSAGE", query("Catalog")).status == 403
    assert above.requests() == []


def test_a_repetition_is_answered_once_more_and_carried_out_once(above: Above) -> None:
    above.ask("MESSAGE", query("DeviceInfo"), call="same")
    data = _message(5, "again", query("DeviceInfo"))
    above.hear(data)
    above.hear(data)
    assert [each.method for each in above.requests()] == ["MESSAGE", "MESSAGE"]
    assert above.link.counts["sent", "repeat"] == 1


def test_a_replay_after_half_a_minute_is_refused(above: Above) -> None:
    data = _message(5, "old", query("DeviceInfo"))
    above.hear(data)
    above.pass_s(45, answered=200)
    above.hear(data)
    (response,) = (each for each in above.take() if isinstance(each, sip.Response))
    assert response.status == 482
    assert above.link.counts["refused", "replayed"] == 1


def test_an_old_number_in_a_dialog_is_refused(above: Above) -> None:
    response = subscribe(above, "Alarm")
    to, call = response.headers.get("To") or "", response.headers.get("Call-ID") or ""
    data = _message(1, call, b"", method="SUBSCRIBE", to=to)
    above.hear(data)
    (refused,) = (each for each in above.take() if isinstance(each, sip.Response))
    assert refused.status == 482


def test_a_flood_is_dropped_beyond_its_rate_and_does_not_end_the_registration() -> None:
    above = Above(per_minute=60)
    above.register()
    for number in range(500):
        above.hear(_message(1, f"flood-{number}", query("DeviceInfo")))
    sent = above.take()
    assert len([each for each in sent if isinstance(each, sip.Response)]) == 60
    assert above.link.dropped()["flooded"] == 440
    above.pass_s(120, answered=200)
    assert above.link.registration.is_registered
    assert above.ask("MESSAGE", query("DeviceInfo")).status == 200


# --- what may go up

_FORBIDDEN = re.compile(
    r"person|people|face|plate|picture|image|snap|photo|vehicle|motor|speed|direction|address$|password|port$",
    re.IGNORECASE,
)


def test_no_element_could_hold_a_picture_a_person_a_face_or_a_plate() -> None:
    """`Address` holds the name again: the standard wants it of a camera, and 2016 superiors drop an item without."""
    assert {each for each in documents.ELEMENTS if _FORBIDDEN.search(each)} == {"Address"}


def test_nothing_else_is_ever_written() -> None:
    above = Above(catalog(replace(camera(1), longitude=118.1, latitude=31.2), camera(2)))
    above.register()
    subscribe(above)
    subscribe(above, "Alarm")
    for cmd_type in ("Catalog", "DeviceInfo", "DeviceStatus"):
        above.ask("MESSAGE", query(cmd_type))
    above.pass_s(61, answered=200)
    above.link.publish(catalog(camera(1, is_on=False), camera(3), camera(2, name="x")), above.now)
    above.pass_s(10, answered=200)
    written = {
        name.decode() for raw in above.raw for name in re.findall(rb"<([A-Za-z]+)[ >]", sip.parse(raw).body or b"")
    }
    assert written <= documents.ELEMENTS
    assert {"Keepalive", "Alarm", "Catalog"} <= {
        kind.decode() for raw in above.raw for kind in re.findall(rb"<CmdType>(.*?)<", raw)
    }


@given(st.text(max_size=200))
def test_a_name_stays_within_its_element(name: str) -> None:
    item = documents.item(Above().link.version, replace(camera(1), name=name or "-"))
    assert re.findall(r"<([A-Za-z]+)>", item).count("DeviceID") == 1
    assert set(re.findall(r"</?([A-Za-z]+)>", item)) <= documents.ELEMENTS
    assert "\n" not in item


# --- fuzzing


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.binary(max_size=600))
def test_no_bytes_break_the_link(above: Above, data: bytes) -> None:
    above.hear(data)
    assert above.link.registration.is_registered


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.sampled_from([each[1] for each in REFUSED] + [query("Catalog")]), st.data())
def test_no_damaged_body_breaks_the_link(above: Above, body: bytes, data: st.DataObject) -> None:
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(0, 8))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert above.ask("MESSAGE", bytes(damaged)).status in {200, 400, 403, 404, 413}


def _code(item: str) -> list[str]:
    return re.findall(r"<DeviceID>(.*?)</DeviceID>", item)


def _message(number: int, call: str, body: bytes, method: str = "MESSAGE", to: str = "") -> bytes:
    fields = (
        ("Via", f"SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK{call}"),
        ("From", f"<sip:{SUPERIOR}@3402000000>;tag=f{call}"),
        ("To", to or f"<sip:{OWN}@3402010000>"),
        ("Call-ID", call),
        ("CSeq", f"{number} {method}"),
        ("Event", "Alarm;id=7"),
    )
    return sip.encode(Request(method, f"sip:{OWN}@192.0.2.9:5099", Headers(fields), body))
