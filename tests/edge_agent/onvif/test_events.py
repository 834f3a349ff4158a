"""Events by ONVIF as a trigger: motion and a crossed line, nothing else of a report, whatever a camera answers."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import SystemClock
from edge_agent.errors import OnvifError
from edge_agent.frames import Glance
from edge_agent.onvif import soap
from edge_agent.onvif.client import OnvifClient
from edge_agent.onvif.events import EventTrigger, reports_event
from edge_agent.onvif.http_exchange import HttpAddress, HttpBounds
from edge_agent.sources.snapshot.source import Snapshots
from provisioning.contracts.config.processes import SnapshotSource
from provisioning.demo.simulators.onvif import OnvifCamera, OnvifServer, system_date_and_time
from tests.edge_agent.pictures import JPEG
from tests.support.picture_camera import Given, PictureCamera
from tests.support.waiting import LONG_S, until

DEVICE = "/onvif/device_service"
MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"
ALARM = "tns1:VideoSource/MotionAlarm"
LINE = "tns1:RuleEngine/LineDetector/Crossed"


def message(topic: str, name: str = "IsMotion", value: str = "true", operation: str = "Changed") -> str:
    return (
        f"<n:NotificationMessage><n:Topic>{escape(topic)}</n:Topic><n:Message>"
        f'<t:Message PropertyOperation="{operation}"><t:Data><t:SimpleItem Name="{name}" Value="{escape(value)}"/>'
        "</t:Data></t:Message></n:Message></n:NotificationMessage>"
    )


def enveloped(name: str, content: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://docs.oasis-open.org/wsn/b-2"'
        ' xmlns:t="http://www.onvif.org/ver10/schema" xmlns:v="http://www.onvif.org/ver10/events/wsdl">'
        f"<e:Body><v:{name}>{content}</v:{name}></e:Body></e:Envelope>"
    ).encode()


def pulled(*messages: str) -> bool:
    return reports_event(soap.read(enveloped("PullMessagesResponse", "".join(messages)), "PullMessagesResponse"))


@pytest.mark.parametrize(
    ("text", "triggers"),
    [
        (message(MOTION), True),
        (message(MOTION, value="1"), True),
        (message(ALARM, "State"), True),
        (message(LINE, "ObjectId", "7"), True),
        (message(MOTION, value="false"), False),
        (message(MOTION, "Score"), False),
        (message(MOTION, operation="Initialized"), False),
        (message(LINE, operation="Deleted"), False),
        (message("tns1:RuleEngine/FaceDetector/Recognised", "State"), False),
        (message("tns1:Device/Trigger/DigitalInput", "State"), False),
        (message(""), False),
        ("<n:NotificationMessage/>", False),
        ("", False),
    ],
)
def test_motion_and_a_crossed_line_trigger_alone(text: str, triggers: bool) -> None:
    assert pulled(text) == triggers
    assert pulled(message(MOTION, value="false"), text) == triggers


@given(
    st.lists(
        st.builds(
            message,
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30),
            st.sampled_from(("IsMotion", "State", "PlateNumber")),
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters='"'), max_size=8),
        ),
        max_size=5,
    ),
    st.binary(max_size=60),
)
def test_any_answer_is_a_yes_a_no_or_a_fault(messages: list[str], noise: bytes) -> None:
    for data in (enveloped("PullMessagesResponse", "".join(messages)), noise):
        with suppress(OnvifError):
            assert reports_event(soap.read(data, "PullMessagesResponse")) in {True, False}


class Events:
    """A camera with a pull point."""

    def __init__(self, services: OnvifServer) -> None:
        self.url = services.url(DEVICE)
        self.point = self.url
        self.picture_url = ""
        self.messages: list[str] = []
        self.calls: Counter[str] = Counter()
        self.heads: list[bytes] = []
        self.garbage: dict[str, bytes] = {}
        services.cameras[DEVICE] = OnvifCamera(answer=self.answer)

    def answer(self, request: bytes) -> bytes:
        found = re.search(rb"<s:Body><(\w+)", request)
        assert found is not None
        name = found[1].decode()
        self.calls[name] += 1
        self.heads.append(request.partition(b"<s:Body>")[0])
        if name in self.garbage:
            return self.garbage[name]
        if name == "GetSystemDateAndTime":
            return system_date_and_time(1_795_449_600)
        return enveloped(f"{name}Response", self.content(name))

    def content(self, name: str) -> str:
        if name == "PullMessages":
            said, self.messages = "".join(self.messages), []
            return said
        named = "".join(f"<t:{each}><t:XAddr>{self.url}</t:XAddr></t:{each}>" for each in ("Media", "Events"))
        return {
            "GetCapabilities": f"<v:Capabilities>{named}</v:Capabilities>",
            "CreatePullPointSubscription": (
                f"<v:SubscriptionReference><v:Address>{self.point}</v:Address></v:SubscriptionReference>"
            ),
            "GetProfiles": '<v:Profiles token="main"/>',
            "GetSnapshotUri": f"<v:MediaUri><t:Uri>{self.picture_url}</t:Uri></v:MediaUri>",
        }.get(name, "")


@pytest.fixture
def camera() -> Iterator[Events]:
    with OnvifServer() as services:
        yield Events(services)


def test_an_event_triggers_and_the_subscription_ends_with_the_source(camera: Events) -> None:
    clock, stop, seen = SystemClock(), threading.Event(), Counter[str]()
    bounds = HttpBounds(LONG_S, LONG_S)
    trigger = EventTrigger(
        "gate", camera.url, lambda url: OnvifClient(HttpAddress.of(url), lambda: None, clock, bounds=bounds), clock
    )
    thread = threading.Thread(target=trigger.run, args=(stop, lambda: seen.update(["event"])))
    thread.start()
    try:
        until(lambda: camera.calls["PullMessages"] >= 1)
        assert not seen
        camera.messages = [message(MOTION)]
        until(lambda: seen["event"] == 1)
        camera.messages = [message("tns1:RuleEngine/FaceDetector/Recognised", "State")]
        until(lambda: not camera.messages)
        assert camera.calls["CreatePullPointSubscription"] == 1
        camera.garbage["PullMessages"] = b"<html>busy</html>"
        until(lambda: camera.calls["PullMessages"] >= 4)
    finally:
        stop.set()
        thread.join(LONG_S)
    assert seen["event"] == 1
    assert any(b"PullMessagesRequest</a:Action>" in head for head in camera.heads)


def test_a_camera_that_reports_motion_hands_out_a_picture_at_once(camera: Events) -> None:
    clock, stop = SystemClock(), threading.Event()
    with PictureCamera(lambda _: Given(JPEG)) as pictures:
        camera.picture_url = pictures.url
        source = SnapshotSource(onvif_url=camera.url, on_event=True, interval_s=86_400)
        snapshots = Snapshots("gate", source, clock, lambda: None)
        found: list[Glance] = []

        def run() -> None:
            found.extend(item for item in snapshots.frames(stop) if isinstance(item, Glance))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            until(lambda: len(pictures.paths) == 1 and camera.calls["PullMessages"] >= 1)
            camera.messages = [message(LINE, "ObjectId", "7")]
            until(lambda: len(found) == 2)
        finally:
            stop.set()
            thread.join(LONG_S)
        assert len(pictures.paths) == 2
        until(lambda: camera.calls["Unsubscribe"] == 1)


def test_another_host_in_an_answer_is_never_asked(camera: Events) -> None:
    camera.point = camera.url.replace("127.0.0.1", "192.0.2.9")
    clock, stop = SystemClock(), threading.Event()
    asked: list[str] = []

    def client(url: str) -> OnvifClient:
        asked.append(url)
        return OnvifClient(HttpAddress.of(url), lambda: None, clock)

    thread = threading.Thread(target=EventTrigger("gate", camera.url, client, clock).run, args=(stop, lambda: None))
    thread.start()
    until(lambda: len(asked) >= 3)
    stop.set()
    thread.join(LONG_S)
    assert all("127.0.0.1" in url for url in asked)


def test_events_come_by_the_service_alone() -> None:
    SnapshotSource(onvif_url="http://10.0.0.9/onvif/device_service", on_event=True)
    with pytest.raises(ValueError, match="onvif_url or device_id"):
        SnapshotSource(url="http://10.0.0.9/a.jpg", on_event=True)
