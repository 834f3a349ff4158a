"""An alarm is for the camera of its channel; one that names no camera's channel, for all cameras of its device."""

from collections import Counter

import pytest

from edge_agent.gb28181.devices.events import Alarmed
from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.sources.snapshot.alarm_triggers import AlarmTriggers
from provisioning.contracts.config.processes import Gb28181Source

LOGIN = {"username": "u", "password_sealed": "0" * 64}


@pytest.mark.parametrize(
    ("device", "channel", "triggered"),
    [
        ("d1", "c1", {"d1/c1": 1}),
        ("d1", "", {"d1/c1": 1, "d1/c2": 1}),
        ("d1", "d1", {"d1/c1": 1, "d1/c2": 1}),
        ("d2", "c1", {"d2/c1": 1}),
        ("d3", "c1", {}),
    ],
)
def test_the_cameras_of_an_alarm(device: str, channel: str, triggered: dict[str, int]) -> None:
    triggers, seen = AlarmTriggers(), Counter[str]()
    for device_id, channel_id in (("d1", "c1"), ("d1", "c2"), ("d2", "c1")):
        source = Gb28181Source.model_validate({"device_id": device_id, "channel_id": channel_id, **LOGIN})
        name = f"{device_id}/{channel_id}"
        triggers.add(source, lambda name=name: seen.update([name]))  # type: ignore[misc] # bound now, not at call
    triggers.heard(Alarmed(device, channel, Alarm(1, 5, 2, None, ""), None))
    triggers.heard(Alarmed(device, channel, Alarm(1, 5, 6, None, ""), None))
    assert seen == triggered
