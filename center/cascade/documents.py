"""Writes what goes upward: keepalives, catalogues, answers about devices, alarms of faults (annex A.2). Pure.

`ELEMENTS` lists every element that is ever written. There is none for a picture, a person, a face or a plate, no
network address and no password.
"""

from collections.abc import Sequence
from typing import Final

from center.cascade.nodes import CatalogNode, NodeChange, NodeEvent
from provisioning.manscdp import charset
from provisioning.manscdp.documents import document, element
from provisioning.sip.edition import Version

ELEMENTS: Final = frozenset(
    {
        "Address",
        "AlarmDescription",
        "AlarmMethod",
        "AlarmPriority",
        "AlarmTime",
        "BusinessGroupID",
        "Channel",
        "CivilCode",
        "CmdType",
        "DeviceID",
        "DeviceList",
        "DeviceName",
        "DeviceTime",
        "Encode",
        "Event",
        "Firmware",
        "Item",
        "Latitude",
        "Longitude",
        "Manufacturer",
        "Model",
        "Name",
        "Notify",
        "Online",
        "Owner",
        "ParentID",
        "Parental",
        "Record",
        "RegisterWay",
        "Response",
        "Result",
        "SN",
        "SafetyWay",
        "Secrecy",
        "Status",
        "SumNum",
    }
)
MANUFACTURER: Final = "Wayside"
FAULT: Final = "设备故障"
"""The only description of an alarm: the cause stays in the centre."""
BETWEEN: Final = 3
"""Bytes that one more item takes beside its own: a line break, and a digit of the number of items."""
_FAULT_METHOD: Final = "6"
"""Alarm of a device's fault."""
_PRIORITY: Final = "4"


def keepalive(version: Version, sn: int, own_id: str) -> bytes:
    """Writes the notification that this platform is alive."""
    return document(version, "Notify", "Keepalive", sn, own_id, ("Status", "OK"))


def catalog_part(version: Version, sn: int, device_id: str, sum_num: int, items: Sequence[str]) -> bytes:
    """Writes one part of the answer to a catalogue query. `items`: of `item`."""
    return document(version, "Response", "Catalog", sn, device_id, ("SumNum", str(sum_num)), inner=_listed(items))


def catalog_notice(version: Version, sn: int, own_id: str, items: Sequence[str]) -> bytes:
    """Writes a notification of changes. `items`: of `changed_item`."""
    total = ("SumNum", str(len(items)))
    return document(version, "Notify", "Catalog", sn, own_id, total, inner=_listed(items))


def item(version: Version, node: CatalogNode, event: NodeEvent | None = None) -> str:
    """Writes a node with all that a superior gets of it."""
    fields = [("DeviceID", node.code), *([] if event is None else [("Event", event.value)]), ("Name", node.name)]
    if node.is_camera:
        fields += [
            ("Manufacturer", MANUFACTURER),
            ("Model", "camera"),
            *([] if version.is_2022 else [("Owner", MANUFACTURER)]),
            ("CivilCode", node.civil_code),
            ("Address", node.name),
            ("Parental", "0"),
            ("ParentID", node.parent),
            *([] if version.is_2022 else [("SafetyWay", "0")]),
            ("RegisterWay", "1"),
            ("Secrecy", "0"),
            ("Status", "ON" if node.is_on else "OFF"),
        ]
        if node.longitude is not None and node.latitude is not None:
            fields += [("Longitude", f"{node.longitude:.6f}"), ("Latitude", f"{node.latitude:.6f}")]
    else:
        fields += [("CivilCode", node.civil_code), ("ParentID", node.parent)]
    if node.group:
        fields.append(("BusinessGroupID", node.group))
    return _item(fields)


def changed_item(version: Version, change: NodeChange) -> str:
    """Writes a change: the whole node where it is new or another one, else its code alone."""
    if change.event in {NodeEvent.ADD, NodeEvent.UPDATE}:
        return item(version, change.node, change.event)
    return _item([("DeviceID", change.node.code), ("Event", change.event.value)])


def device_info(version: Version, sn: int, device_id: str, name: str, software: str, channels: int) -> bytes:
    """Writes the answer to a query for maker, model and software."""
    return document(
        version,
        "Response",
        "DeviceInfo",
        sn,
        device_id,
        ("DeviceName", name),
        ("Result", "OK"),
        ("Manufacturer", MANUFACTURER),
        ("Model", "platform"),
        ("Firmware", software),
        ("Channel", str(channels)),
    )


def device_status(version: Version, sn: int, device_id: str, *, is_on: bool, at: str) -> bytes:
    """Writes the answer to a query for a device's status. `at`: the centre's own time, local."""
    return document(
        version,
        "Response",
        "DeviceStatus",
        sn,
        device_id,
        ("Result", "OK"),
        ("Online", "ONLINE" if is_on else "OFFLINE"),
        ("Status", "OK" if is_on else "ERROR"),
        ("Encode", "OFF"),
        ("Record", "OFF"),
        ("DeviceTime", at),
    )


def fault_alarm(version: Version, sn: int, code: str, at: str) -> bytes:
    """Writes the alarm that a camera has stopped to deliver pictures."""
    return document(
        version,
        "Notify",
        "Alarm",
        sn,
        code,
        ("AlarmPriority", _PRIORITY),
        ("AlarmMethod", _FAULT_METHOD),
        ("AlarmTime", at),
        ("AlarmDescription", FAULT),
    )


def length(text: str) -> int:
    """Returns the bytes that a text takes in a body."""
    return len(charset.encode(text))


def _item(fields: Sequence[tuple[str, str]]) -> str:
    return f"<Item>{''.join(element(name, _one_line(text)) for name, text in fields)}</Item>"


def _listed(items: Sequence[str]) -> str:
    return f'<DeviceList Num="{len(items)}">' + "\r\n".join(items) + "</DeviceList>"


def _one_line(text: str) -> str:
    """Replaces what XML 1.0 cannot hold."""
    return "".join(character if character.isprintable() else " " for character in text)
