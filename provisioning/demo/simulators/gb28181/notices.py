"""Writes a device's notices: keepalive, alarms, positions, changes of its catalog, the end of a recording."""

from typing import Final

from provisioning.demo.simulators.gb28181 import answers, bodies, moments
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault

VIDEO_ALARM: Final = 5
DEVICE_ALARM: Final = 2


def keepalive(profile: DeviceProfile, device_id: str, sn: str) -> bytes:
    return bodies.written(profile, "Notify", "Keepalive", sn, device_id, "<Status>OK</Status>\n")


def alarm(profile: DeviceProfile, channel: str, sn: str, wall_s: float, *, method: int, kind: int) -> bytes:
    """Writes an alarm: `method` 5 is video, of which `kind` 6 is an intrusion and 5 a tripwire."""
    time = moments.text(wall_s, offset=profile.has(DeviceFault.OFFSET_TIMES))
    inner = (
        f"<AlarmPriority>4</AlarmPriority>\n<AlarmMethod>{method}</AlarmMethod>\n<AlarmTime>{time}</AlarmTime>\n"
        f"<Info>\n<AlarmType>{kind}</AlarmType>\n</Info>\n"
    )
    return bodies.written(profile, "Notify", "Alarm", sn, channel, inner)


def position(
    profile: DeviceProfile, device_id: str, sn: str, wall_s: float, longitude: float, latitude: float
) -> bytes:
    """Writes the device's position: flat fields before 2022, a list since."""
    time = moments.text(wall_s)
    place = f"<Longitude>{longitude:.6f}</Longitude>\n<Latitude>{latitude:.6f}</Latitude>\n<Speed>0</Speed>\n"
    if profile.gb_version == "3.0":
        inner = (
            f'<Time>{time}</Time>\n<SumNum>1</SumNum>\n<DeviceList Num="1">\n<Item>\n<DeviceID>{device_id}</DeviceID>\n'
            f"<CaptureTime>{time}</CaptureTime>\n{place}</Item>\n</DeviceList>\n"
        )
    else:
        inner = f"<Time>{time}</Time>\n{place}"
    return bodies.written(profile, "Notify", "MobilePosition", sn, device_id, inner)


def channel_event(profile: DeviceProfile, device_id: str, sn: str, channel: str, event: str) -> bytes:
    """Writes the event of a channel: ON, OFF, VLOST, DEFECT or DEL."""
    inner = (
        f'<SumNum>1</SumNum>\n<DeviceList Num="1">\n<Item><DeviceID>{channel}</DeviceID><Event>{event}</Event></Item>\n'
        "</DeviceList>\n"
    )
    return bodies.written(profile, "Notify", "Catalog", sn, device_id, inner)


def unasked_catalog(profile: DeviceProfile, device_id: str) -> bytes:
    """Writes a Response that answers nothing: SumNum 1, an old SN."""
    channel = profile.channel_ids(device_id)[0]
    item = answers.channel_item(profile, device_id, channel, 0)
    inner = f'<SumNum>1</SumNum>\n<DeviceList Num="1">\n{item}</DeviceList>\n'
    return bodies.written(profile, "Response", "Catalog", "1", device_id, inner)


def span_ended(profile: DeviceProfile, channel: str, sn: str) -> bytes:
    """Writes MediaStatus 121: the recording was sent to its end."""
    return bodies.written(profile, "Notify", "MediaStatus", sn, channel, "<NotifyType>121</NotifyType>\n")
