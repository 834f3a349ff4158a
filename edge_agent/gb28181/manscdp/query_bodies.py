"""MANSCDP bodies that the platform sends, by the edition that the device speaks (GB/T 28181-2022, annex A.2)."""

from html import escape
from typing import Final, Literal

from edge_agent.gb28181.manscdp import charset
from edge_agent.gb28181.sip.edition import Version

CONTENT_TYPE: Final = "Application/MANSCDP+xml"
_ALL: Final = "0"


def catalog(version: Version, sn: int, device_id: str) -> bytes:
    """What channels there are: as a query, or as the body of a subscription."""
    return _written(version, "Query", "Catalog", sn, device_id)


def device_info(version: Version, sn: int, device_id: str) -> bytes:
    """Maker, model, firmware."""
    return _written(version, "Query", "DeviceInfo", sn, device_id)


def device_status(version: Version, sn: int, device_id: str) -> bytes:
    """Whether it works, and what time it has."""
    return _written(version, "Query", "DeviceStatus", sn, device_id)


def record_info(version: Version, sn: int, channel_id: str, started_at: str, ended_at: str) -> bytes:
    """What recordings a channel has; local times `2026-11-24T00:00:00`. `Type` all: Dahua recorders want it said."""
    return _written(
        version,
        "Query",
        "RecordInfo",
        sn,
        channel_id,
        ("StartTime", started_at),
        ("EndTime", ended_at),
        ("Secrecy", "0"),
        ("Type", "all"),
    )


def alarm_subscription(version: Version, sn: int, device_id: str) -> bytes:
    """Body of a SUBSCRIBE: alarms of every priority and method."""
    return _written(
        version,
        "Query",
        "Alarm",
        sn,
        device_id,
        ("StartAlarmPriority", "1"),
        ("EndAlarmPriority", "4"),
        ("AlarmMethod", _ALL),
    )


def guard(version: Version, sn: int, device_id: str, command: Literal["SetGuard", "ResetGuard"]) -> bytes:
    """Stand-alone Hikvision cameras send alarms only once they are set on guard."""
    return _written(version, "Control", "DeviceControl", sn, device_id, ("GuardCmd", command))


def alarm_reset(version: Version, sn: int, device_id: str) -> bytes:
    """Wanted by a device after each alarm of method 2, before it sends another."""
    return _written(version, "Control", "DeviceControl", sn, device_id, ("AlarmCmd", "ResetAlarm"))


def key_frame(version: Version, sn: int, channel_id: str) -> bytes:
    """A keyframe, please. 2016 spells the element IFameCmd."""
    name = "IFrameCmd" if version.is_2022 else "IFameCmd"
    return _written(version, "Control", "DeviceControl", sn, channel_id, (name, "Send"))


def alarm_answer(version: Version, sn: int, device_id: str) -> bytes:
    """Sent in a MESSAGE of its own after the 200; `sn` and `device_id` are the alarm's."""
    return _written(version, "Response", "Alarm", sn, device_id, ("Result", "OK"))


def _written(version: Version, root: str, cmd_type: str, sn: int, device_id: str, *rest: tuple[str, str]) -> bytes:
    """Children in the order that the standard has: CmdType, SN, DeviceID, then the rest."""
    children = (("CmdType", cmd_type), ("SN", str(sn)), ("DeviceID", device_id), *rest)
    lines = [f"<{name}>{escape(text, quote=False)}</{name}>" for name, text in children]
    return charset.encode("\r\n".join([charset.declaration(version), f"<{root}>", *lines, f"</{root}>", ""]))
