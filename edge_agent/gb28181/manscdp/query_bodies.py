"""Writes MANSCDP bodies that the platform sends, by the device's edition (GB/T 28181-2022, annex A.2)."""

from typing import Final, Literal

from provisioning.manscdp.documents import document, element
from provisioning.sip.edition import Version

_ALL: Final = "0"


def catalog(version: Version, sn: int, device_id: str) -> bytes:
    """Writes a catalog query, also the body of a subscription."""
    return document(version, "Query", "Catalog", sn, device_id)


def device_info(version: Version, sn: int, device_id: str) -> bytes:
    """Writes a query for maker, model and firmware."""
    return document(version, "Query", "DeviceInfo", sn, device_id)


def device_status(version: Version, sn: int, device_id: str) -> bytes:
    """Writes a query for the device's status and clock."""
    return document(version, "Query", "DeviceStatus", sn, device_id)


def record_info(version: Version, sn: int, channel_id: str, started_at: str, ended_at: str) -> bytes:
    """Writes a query for recordings; local times `2026-11-24T00:00:00`. Dahua recorders need `Type` all."""
    return document(
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
    """Writes the body of a SUBSCRIBE to alarms of every priority and method."""
    return document(
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
    """Writes a guard command: stand-alone Hikvision cameras send alarms only once they are set on guard."""
    return document(version, "Control", "DeviceControl", sn, device_id, ("GuardCmd", command))


def alarm_reset(version: Version, sn: int, device_id: str) -> bytes:
    """Writes the command that a device needs after each alarm of method 2, before it sends another."""
    return document(version, "Control", "DeviceControl", sn, device_id, ("AlarmCmd", "ResetAlarm"))


def snapshot(version: Version, sn: int, channel_id: str, url: str, session_id: str) -> bytes:
    """Writes the command to take one picture and upload it (GB/T 28181-2022, 9.14 and A.2.3.2, SnapShotConfig)."""
    fields = (("SnapNum", "1"), ("Interval", "1"), ("UploadURL", url), ("SessionID", session_id))
    inner = "".join(element(name, text) for name, text in fields)
    return document(
        version, "Control", "DeviceConfig", sn, channel_id, inner=f"<SnapShotConfig>{inner}</SnapShotConfig>"
    )


def alarm_answer(version: Version, sn: int, device_id: str) -> bytes:
    """Writes the response to an alarm, a MESSAGE of its own after the 200; `sn` and `device_id` are the alarm's."""
    return document(version, "Response", "Alarm", sn, device_id, ("Result", "OK"))
