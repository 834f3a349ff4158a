"""Alarms, positions and catalog changes: by NOTIFY to whoever subscribed, else by MESSAGE."""

from provisioning.demo.simulators.gb28181 import moments
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from tests.provisioning.demo.simulators.gb28181.scripted_platform import (
    CHANNEL_ID,
    PLATFORM_ID,
    REALM,
    WALL_S,
    Desk,
    control,
    header,
    reply,
    request,
)


def registered(*faults: DeviceFault, gb_version: str = "2.0") -> Desk:
    desk = Desk(*faults, heartbeat_s=1e6, gb_version=gb_version)
    desk.register()
    return desk


def subscribe(command: str, *, expires: int = 600, cseq: int = 1, tag: str = "") -> bytes:
    body = f"<Query><CmdType>{command}</CmdType><SN>3</SN><DeviceID>{CHANNEL_ID}</DeviceID></Query>"
    lines = ("Event: presence", f"Expires: {expires}")
    return request("SUBSCRIBE", call_id=f"sub-{command}", cseq=cseq, lines=lines, body=body, tag=tag)


def alarm(desk: Desk) -> list[str]:
    desk.device.raise_alarm(desk.now, kind=5)
    return desk.said()


def test_an_alarm_by_message() -> None:
    (text,) = alarm(registered())
    assert text.startswith(f"MESSAGE sip:{PLATFORM_ID}@{REALM} ")
    for word in (
        f"<DeviceID>{CHANNEL_ID}</DeviceID>",
        "<AlarmMethod>5</AlarmMethod>",
        "<AlarmType>5</AlarmType>",
        f"<AlarmTime>{moments.text(WALL_S)}</AlarmTime>",
    ):
        assert word in text


def test_an_alarm_by_notify_while_subscribed() -> None:
    desk = registered()
    (ok,) = desk.tell(subscribe("Alarm"))
    assert header(ok, "Expires") == "600"
    (text,) = alarm(desk)
    assert text.startswith(f"NOTIFY sip:{PLATFORM_ID}@192.0.2.1:5060 ")
    assert header(text, "Call-ID") == "sub-Alarm"
    assert header(text, "From") == header(ok, "To")
    assert header(text, "To") == header(ok, "From")
    assert (header(text, "Event"), header(text, "CSeq")) == ("presence", "1 NOTIFY")
    assert header(text, "Subscription-State") == "active;expires=600"
    desk.tell(reply(text, 200))
    desk.wait(599)
    assert alarm(desk)[0].startswith("NOTIFY ")
    desk.wait(2)
    assert alarm(desk)[0].startswith("MESSAGE ")


def test_refresh_and_end() -> None:
    desk = registered()
    (ok,) = desk.tell(subscribe("Alarm"))
    tag = ";" + header(ok, "To").partition(";")[2]
    desk.wait(500)
    desk.tell(subscribe("Alarm", cseq=2, tag=tag))
    desk.wait(500)
    assert alarm(desk)[0].startswith("NOTIFY ")
    desk.tell(subscribe("Alarm", cseq=3, tag=tag, expires=0))
    assert alarm(desk)[0].startswith("MESSAGE ")
    assert desk.counts.subscriptions == 1


def test_needs_reset() -> None:
    desk = registered(DeviceFault.NEEDS_RESET)
    assert len(alarm(desk)) == 1
    assert alarm(desk) == []
    desk.tell(control("<AlarmCmd>ResetAlarm</AlarmCmd>"))
    assert len(alarm(desk)) == 1
    assert desk.counts.notices_withheld == 1


def test_a_dialog_that_nobody_opened() -> None:
    (text,) = alarm(registered(DeviceFault.NOTIFY_UNKNOWN_DIALOG))
    assert text.startswith("NOTIFY ")
    assert "tag=" in header(text, "To")


def test_a_subscription_to_nothing() -> None:
    desk = registered()
    assert desk.tell(request("SUBSCRIBE", call_id="s", body="hello"))[0].startswith("SIP/2.0 400")
