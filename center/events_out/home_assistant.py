"""Makes the documents of Home Assistant's MQTT discovery: a camera's state, and its machines in the newest picture.

A document names topics and how to read an event there; it holds no event.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from center.events_out.schema import CameraStateData
from center.fleet.devices import DeviceState
from provisioning.contracts.config.events_out import EventKind, MqttReceiver

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"
_STATE: Final = "state"
_MACHINES: Final = "machines"


def discovery(settings: MqttReceiver, camera: CameraStateData) -> Iterator[tuple[str, bytes]]:
    """Yields topic and document of each of a camera's sensors, to be retained; nothing without discovery."""
    for name, sensor in _sensors(settings, camera).items():
        yield _topic(settings, camera, name), json.dumps(sensor, ensure_ascii=False, sort_keys=True).encode()


def withdrawal(settings: MqttReceiver, camera: CameraStateData) -> Iterator[tuple[str, bytes]]:
    """Yields topics and empty messages that remove a camera's sensors."""
    for name in _sensors(settings, camera):
        yield _topic(settings, camera, name), b""


def availability_topic(settings: MqttReceiver) -> str:
    """Returns the topic that says, retained, whether the centre is connected: `online` or `offline`."""
    return f"{settings.topic_prefix}/centre"


def _sensors(settings: MqttReceiver, camera: CameraStateData) -> dict[str, dict[str, Any]]:
    if settings.home_assistant is None:
        return {}
    place, prefix = f"{camera.agent_id}/{camera.camera_id}", settings.topic_prefix
    common = {
        "availability_topic": availability_topic(settings),
        "device": {
            "identifiers": [_key(camera)],
            "manufacturer": "Wayside",
            "name": camera.name or camera.camera_id,
            "serial_number": place,
        },
        "origin": {"name": "Wayside"},
    }
    sensors = {
        _STATE: {
            **common,
            "device_class": "enum",
            "name": "State",
            "options": [each.value for each in DeviceState],
            "state_topic": f"{prefix}/{EventKind.CAMERA_STATE}/{place}",
            "unique_id": f"{_key(camera)}_{_STATE}",
            "value_template": "{{ value_json.data.state }}",
        }
    }
    if EventKind.OBSERVATION in settings.kinds:
        topic = f"{prefix}/{EventKind.OBSERVATION}/{place}"
        sensors[_MACHINES] = {
            **common,
            "json_attributes_template": "{{ value_json.data.counts | tojson }}",
            "json_attributes_topic": topic,
            "name": "Machines",
            "state_class": "measurement",
            "state_topic": topic,
            "unique_id": f"{_key(camera)}_{_MACHINES}",
            "value_template": "{{ value_json.data.machines | count }}",
        }
    return sensors


def _topic(settings: MqttReceiver, camera: CameraStateData, name: str) -> str:
    return f"{settings.home_assistant}/sensor/{_key(camera)}/{name}/config"


def _key(camera: CameraStateData) -> str:
    """Names a camera where its ids may not stand: a node of discovery has letters, digits, `_` and `-` alone."""
    return f"wayside_{hashlib.sha256(f'{camera.agent_id}/{camera.camera_id}'.encode()).hexdigest()[:16]}"
