"""Reads and writes MANSCDP as devices do: charset, order of elements, and faults.

Answers to Catalog, DeviceInfo, DeviceStatus and RecordInfo go page by page. Notices are keepalive, alarms, an unasked
catalog and the end of a recording.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181 import moments
from provisioning.demo.simulators.gb28181.device_profile import GROUP, DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault

_ELEMENT: Final = re.compile(r"<([A-Za-z]+)>([^<>]{0,400})</\1>")
_ROOT: Final = re.compile(r"<(Query|Control|Response|Notify)[\s>]")
MAX_BODY_BYTES: Final = 65_535
MAX_RECORDS: Final = 2000
_MANUFACTURER: Final = "Wayside"
_PLACES: Final = ("东门", "西门", "车棚", "电梯间", "地下车库", "充电桩")
VIDEO_ALARM: Final = 5
DEVICE_ALARM: Final = 2


class PlatformMessage(NamedTuple):
    """Content of a MESSAGE or SUBSCRIBE from the platform."""

    kind: str
    """Root element: Query, Control, Response or Notify."""
    command: str
    sn: str
    target: str
    """DeviceID: a device or one of its channels."""
    elements: dict[str, str]
    """Texts of all elements without children, by name."""


def read(body: bytes) -> PlatformMessage | None:
    """Reads a body; None if it is no MANSCDP. Only the platform writes these, so it need not bear much."""
    if len(body) > MAX_BODY_BYTES:
        return None
    text = body.decode("gb18030", "replace")
    root = _ROOT.search(text)
    elements = dict(_ELEMENT.findall(text))
    if root is None or "CmdType" not in elements:
        return None
    return PlatformMessage(
        root[1], elements["CmdType"].strip(), elements.get("SN", ""), elements.get("DeviceID", "").strip(), elements
    )


def escaped(text: str, profile: DeviceProfile) -> str:
    """Escapes a text for an element."""
    if profile.has(DeviceFault.UNESCAPED):
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write(profile: DeviceProfile, kind: str, command: str, sn: str, target: str, inner: str) -> bytes:
    """Writes a body; `inner` is XML already."""
    new = profile.gb_version == "3.0"
    cmd_tag, sn_tag, id_tag = "CmdType", "SN", "DeviceID"
    if profile.has(DeviceFault.LOWER_CASE_TAGS):
        cmd_tag, sn_tag, id_tag = "cmdtype", "sn", "deviceid"
    if profile.has(DeviceFault.ATTRIBUTES):
        head = f'<{kind} {cmd_tag}="{command}" {sn_tag}="{sn}">\n'
    else:
        head = f"<{kind}>\n<{cmd_tag}>{command}</{cmd_tag}>\n<{sn_tag}>{sn}</{sn_tag}>\n"
    if profile.has(DeviceFault.EXTRA_CLOSE_TAG):
        inner = inner.replace("</Item>", "</Item></Item>", 1)
    label = "GB18030" if new else "GB2312"
    text = f'<?xml version="1.0" encoding="{label}"?>\n{head}<{id_tag}>{target}</{id_tag}>\n{inner}</{kind}>\n'
    utf8 = profile.has(DeviceFault.UTF8_AS_GB2312)
    data = text.replace("\n", "\r\n").encode("utf-8" if utf8 else "gb18030")
    return data + (bytes(3) if profile.has(DeviceFault.NUL_BYTES) else b"")


def catalog(profile: DeviceProfile, device_id: str, sn: str) -> list[bytes]:
    """Writes the device's channels."""
    items = [
        channel_item(profile, device_id, channel, number)
        for number, channel in enumerate(profile.channel_ids(device_id))
    ]
    if profile.has(DeviceFault.PARENT_CYCLE):
        one, other = (f"{device_id[:10]}{GROUP}{device_id[13]}{serial}" for serial in ("000001", "000002"))
        items += [_group(one, other), _group(other, one)]
    if profile.has(DeviceFault.ITEM_WITHOUT_ID):
        items.append("<Item><Name>?</Name><Parental>0</Parental><Status>ON</Status></Item>\n")
    return _parts(profile, "Catalog", sn, device_id, "DeviceList", items)


def channel_item(profile: DeviceProfile, device_id: str, channel: str, number: int) -> str:
    """Writes one channel as an element."""
    name = f"{_PLACES[number % len(_PLACES)]}{number + 1}"
    if profile.has(DeviceFault.RARE_CHARACTER):
        name = f"萳{name}"
    if profile.has(DeviceFault.UNESCAPED):
        name = f"{name} A&B <1"
    on = "OK" if profile.has(DeviceFault.STATUS_OK) else "ON"
    parent = profile.platform_id if profile.has(DeviceFault.PARENT_IS_PLATFORM) else device_id
    return (
        f"<Item>\n<DeviceID>{channel}</DeviceID>\n<Name>{escaped(name, profile)}</Name>\n"
        f"<Manufacturer>{_MANUFACTURER}</Manufacturer>\n<Model>SIM</Model>\n<Owner>0</Owner>\n"
        f"<CivilCode>{device_id[:6]}</CivilCode>\n<Address>{escaped(name, profile)}</Address>\n"
        f"<Parental>0</Parental>\n<ParentID>{parent}</ParentID>\n<RegisterWay>1</RegisterWay>\n<Secrecy>0</Secrecy>\n"
        f"<Status>{on}</Status>\n"
        f"<Longitude>{116.3 + number / 1000:.3f}</Longitude>\n<Latitude>{39.9 + number / 1000:.3f}</Latitude>\n"
        "</Item>\n"
    )


def device_info(profile: DeviceProfile, device_id: str, sn: str) -> list[bytes]:
    """Writes maker, model and the number of channels."""
    inner = (
        f"<DeviceName>{_PLACES[0]}</DeviceName>\n<Result>OK</Result>\n<Manufacturer>{_MANUFACTURER}</Manufacturer>\n"
        f"<Model>SIM</Model>\n<Firmware>1.0</Firmware>\n<Channel>{profile.channels}</Channel>\n"
    )
    return [write(profile, "Response", "DeviceInfo", sn, device_id, inner)]


def device_status(profile: DeviceProfile, target: str, sn: str, wall_s: float, *, guarded: bool) -> list[bytes]:
    """Writes health, and the device's own time."""
    time = moments.text(wall_s, offset=profile.has(DeviceFault.OFFSET_TIMES))
    duty = "ONDUTY" if guarded else "OFFDUTY"
    inner = (
        "<Result>OK</Result>\n<Online>ONLINE</Online>\n<Status>OK</Status>\n<Encode>ON</Encode>\n<Record>ON</Record>\n"
        f"<DeviceTime>{time}</DeviceTime>\n"
        f'<Alarmstatus Num="1">\n<Item><DeviceID>{target}</DeviceID><DutyStatus>{duty}</DutyStatus></Item>\n'
        "</Alarmstatus>\n"
    )
    return [write(profile, "Response", "DeviceStatus", sn, target, inner)]


def spans(profile: DeviceProfile, wall_s: float, start_s: float, end_s: float) -> list[tuple[int, int]]:
    """Returns the recordings that overlap a span, in the device's time: contiguous up to now, cut at full lengths.

    At most `MAX_RECORDS` of them, the oldest ones.
    """
    length = profile.recording_s
    begin = int(max(start_s, wall_s - profile.recorded_s)) // length * length
    end = min(end_s, wall_s)
    count = min(MAX_RECORDS, max(0, -(-int(end - begin) // length)))
    return [(begin + n * length, min(begin + (n + 1) * length, int(wall_s))) for n in range(count)]


def records(profile: DeviceProfile, document: PlatformMessage, sn: str, wall_s: float) -> list[bytes]:
    """Writes the recordings of a channel in the requested span; none if the span is unreadable."""
    start_s, end_s = (moments.seconds(document.elements.get(name, "")) for name in ("StartTime", "EndTime"))
    found = [] if start_s is None or end_s is None else spans(profile, wall_s, start_s, end_s)
    offset = profile.has(DeviceFault.OFFSET_TIMES)
    items = [
        f"<Item>\n<DeviceID>{document.target}</DeviceID>\n<Name>{number}</Name>\n<FilePath>{first}.ps</FilePath>\n"
        f"<Address>{_PLACES[0]}</Address>\n<StartTime>{moments.text(first, offset=offset)}</StartTime>\n"
        f"<EndTime>{moments.text(last, offset=offset)}</EndTime>\n<Secrecy>0</Secrecy>\n<Type>time</Type>\n</Item>\n"
        for number, (first, last) in enumerate(found)
    ]
    parts = _parts(profile, "RecordInfo", sn, document.target, "RecordList", items, f"<Name>{_PLACES[0]}</Name>\n")
    return parts[: max(1, len(parts) // 2)] if profile.has(DeviceFault.RECORD_STALL) else parts


def _group(group: str, parent: str) -> str:
    return (
        f"<Item>\n<DeviceID>{group}</DeviceID>\n<Name>{_PLACES[4]}</Name>\n<ParentID>{parent}</ParentID>\n"
        f"<BusinessGroupID>{parent}</BusinessGroupID>\n</Item>\n"
    )


def _parts(
    profile: DeviceProfile, command: str, sn: str, target: str, tag: str, items: Sequence[str], before: str = ""
) -> list[bytes]:
    if profile.has(DeviceFault.NO_LIST):
        return [write(profile, "Response", command, sn, target, before)]
    total = len(items)
    if profile.has(DeviceFault.SUM_NUM_LIES):
        total += 3
    elif profile.has(DeviceFault.SUM_NUM_ZERO):
        total = 0
    if not items:
        return [write(profile, "Response", command, sn, target, f"{before}<SumNum>{total}</SumNum>\n")]
    size = 1 if profile.has(DeviceFault.ONE_ITEM_A_MESSAGE) else profile.page_items
    pages = [items[at : at + size] for at in range(0, len(items), size)]
    if profile.has(DeviceFault.ITEMS_TWICE):
        pages = [[*earlier[-1:], *page] for earlier, page in zip([[], *pages], pages, strict=False)]
    parts = [
        write(
            profile,
            "Response",
            command,
            sn,
            target,
            f'{before}<SumNum>{total}</SumNum>\n<{tag} Num="{len(page)}">\n{"".join(page)}</{tag}>\n',
        )
        for page in pages
    ]
    return parts[::-1] if profile.has(DeviceFault.PARTS_OUT_OF_ORDER) else parts


def keepalive(profile: DeviceProfile, device_id: str, sn: str) -> bytes:
    return write(profile, "Notify", "Keepalive", sn, device_id, "<Status>OK</Status>\n")


def alarm(profile: DeviceProfile, channel: str, sn: str, wall_s: float, *, method: int, kind: int) -> bytes:
    """Writes an alarm: `method` 5 is video, of which `kind` 6 is an intrusion and 5 a tripwire."""
    time = moments.text(wall_s, offset=profile.has(DeviceFault.OFFSET_TIMES))
    inner = (
        f"<AlarmPriority>4</AlarmPriority>\n<AlarmMethod>{method}</AlarmMethod>\n<AlarmTime>{time}</AlarmTime>\n"
        f"<Info>\n<AlarmType>{kind}</AlarmType>\n</Info>\n"
    )
    return write(profile, "Notify", "Alarm", sn, channel, inner)


def unasked_catalog(profile: DeviceProfile, device_id: str) -> bytes:
    """Writes a Response that answers nothing: SumNum 1, an old SN."""
    channel = profile.channel_ids(device_id)[0]
    item = channel_item(profile, device_id, channel, 0)
    inner = f'<SumNum>1</SumNum>\n<DeviceList Num="1">\n{item}</DeviceList>\n'
    return write(profile, "Response", "Catalog", "1", device_id, inner)


def span_ended(profile: DeviceProfile, channel: str, sn: str) -> bytes:
    """Writes MediaStatus 121: the recording was sent to its end."""
    return write(profile, "Notify", "MediaStatus", sn, channel, "<NotifyType>121</NotifyType>\n")
