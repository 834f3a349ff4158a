"""Parses MANSCDP, the XML bodies of GB/T 28181, as devices send them. `query_bodies` writes ours.

The kind of message decides what is read of it: a table of element names for each, and none for a position or a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from edge_agent.gb28181.manscdp import catalog_items
from edge_agent.gb28181.manscdp.alarms import Alarm, is_of_a_person
from edge_agent.gb28181.manscdp.message_types import (
    CatalogChange,
    CatalogPart,
    Content,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    MediaStatus,
    Other,
    RecordItem,
    RecordPart,
    Result,
    SnapshotsUploaded,
    Unwanted,
)
from provisioning.manscdp import charset, xml_tree
from provisioning.manscdp.xml_error import XmlError
from provisioning.manscdp.xml_tree import Element, names
from provisioning.sip.errors import ProtocolError


class ManscdpError(ProtocolError):
    """A body that is no MANSCDP message."""


class DocumentRoot(Enum):
    """The root of the document, in lower case."""

    NOTIFY = "notify"
    RESPONSE = "response"
    QUERY = "query"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class ManscdpMessage:
    """One parsed MANSCDP message."""

    kind: DocumentRoot
    cmd_type: str
    """As written, 64 characters at most: `Catalog`, `RecordInfo`, …"""
    sn: int | None
    """SN of the query that is answered, unless the device counts for itself. None where missing or no number."""
    device_id: str
    """The device or channel that the message is about. Empty where missing or unusable."""
    content: Content
    is_mended: bool = False
    """True if the XML was malformed: worth a line in the log, once a device."""


_HEAD: Final = names("CmdType SN DeviceID")
_FIELDS: Final[dict[str, frozenset[str]]] = {
    "keepalive": names("Status Info"),
    "catalog": catalog_items.FIELDS | names("SumNum DeviceList Result"),
    "deviceinfo": names("DeviceName Manufacturer Model Firmware Channel"),
    "devicestatus": names("Online Status Reason Record DeviceTime AlarmStatus Item DutyStatus"),
    "recordinfo": names("SumNum RecordList Item StartTime EndTime Type FileSize Result"),
    "alarm": names("AlarmPriority AlarmMethod AlarmTime Info AlarmType AlarmTypeParam EventType Result"),
    "mediastatus": names("NotifyType"),
    "uploadsnapshotfinished": names("SessionID"),
}
"""Elements read beside the head, by CmdType in lower case. Of every other CmdType only `Result` is read."""
_RESULT: Final = names("Result")

_POSITION: Final = re.compile(r"mobile_?position", re.IGNORECASE)
_PERSON: Final = re.compile(r"face|person|people|human|pedestrian|passenger", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_MAX_FAULTY: Final = 256
_MAX_CMD_TYPE: Final = 64


def parse(body: bytes) -> ManscdpMessage:
    """Parses one body. Raises ManscdpError for anything that is no such message."""
    if len(body) > xml_tree.MAX_BYTES:
        raise ManscdpError(f"a body of {len(body)} bytes; {xml_tree.MAX_BYTES} is the most that is read")
    text = charset.decode(body)
    try:
        head, _ = xml_tree.tree(text, _HEAD, is_head=True)
        kind = _kind(head)
        cmd_type = (head.get("CmdType") or "")[:_MAX_CMD_TYPE]
        fields = _fields(cmd_type)
        root, is_mended = xml_tree.tree(text, _HEAD | fields)
    except XmlError as error:
        raise ManscdpError(str(error)) from error
    return ManscdpMessage(
        kind=kind,
        cmd_type=cmd_type,
        sn=_number(head.get("SN")),
        device_id=_id(head.get("DeviceID")),
        content=_content(kind, cmd_type, root),
        is_mended=is_mended,
    )


def _kind(head: Element) -> DocumentRoot:
    try:
        return DocumentRoot(head.name)
    except ValueError:
        raise ManscdpError("the root is none of Notify, Response, Query, Control") from None


def _unwanted(cmd_type: str) -> Unwanted | None:
    if _POSITION.search(cmd_type):
        return Unwanted("mobile_position")
    return Unwanted("person") if _PERSON.search(cmd_type) else None


def _fields(cmd_type: str) -> frozenset[str]:
    """Returns the elements that may be read of such a message."""
    return frozenset() if _unwanted(cmd_type) else _FIELDS.get(cmd_type.lower(), _RESULT)


def _content(kind: DocumentRoot, cmd_type: str, root: Element) -> Content:
    if unwanted := _unwanted(cmd_type):
        return unwanted
    read = _READERS.get((kind, cmd_type.lower()))
    return read(root) if read is not None else _other(kind, root)


def _other(kind: DocumentRoot, root: Element) -> Result | Other:
    result = root.get("Result")
    return Result(_is_ok(result)) if kind is DocumentRoot.RESPONSE and result is not None else Other()


def _keepalive(root: Element) -> Keepalive:
    faulty = [_id(element.text) for info in root.all("Info") for element in info.all("DeviceID")]
    status = root.get("Status")
    return Keepalive(status is None or _is_ok(status), tuple(filter(None, faulty))[:_MAX_FAULTY])


def _alarm(root: Element) -> Alarm | Unwanted:
    method = _number(root.get("AlarmMethod"))
    alarm_type = _number(root.find_text("AlarmType"))
    if is_of_a_person(method, alarm_type):
        return Unwanted("person")
    return Alarm(
        priority=_number(root.get("AlarmPriority")),
        method=method,
        alarm_type=alarm_type,
        event_type=_number(root.find_text("EventType")),
        alarmed_at=root.get("AlarmTime") or "",
    )


def _refused(root: Element) -> Result | None:
    """Returns the Result of an answer without a list and a sum: of a subscription, or of a refused query."""
    result = root.get("Result")
    is_list = root.get("SumNum") is not None or root.all("Item")
    return None if result is None or is_list else Result(_is_ok(result))


def _media_status(root: Element) -> MediaStatus:
    return MediaStatus(_number(root.get("NotifyType")))


def _snapshots_uploaded(root: Element) -> SnapshotsUploaded:
    return SnapshotsUploaded(_id(root.get("SessionID")))


def _catalog_change(root: Element) -> CatalogChange:
    return CatalogChange(_catalog(root).items)


def _catalog_answer(root: Element) -> Result | CatalogPart:
    return _refused(root) or _catalog(root)


def _catalog(root: Element) -> CatalogPart:
    items = [catalog_items.of(item) for item in root.all("Item")]
    usable = tuple(item for item in items if item is not None)
    return CatalogPart(_count(root.get("SumNum")), usable, nameless=len(items) - len(usable))


def _record_answer(root: Element) -> Result | RecordPart:
    return _refused(root) or _records(root)


def _records(root: Element) -> RecordPart:
    items = tuple(
        RecordItem(
            channel_id=_id(item.get("DeviceID")),
            started_at=item.find_text("StartTime") or "",
            ended_at=item.find_text("EndTime") or "",
            kind=(item.find_text("Type") or "").lower(),
            size_bytes=_count(item.find_text("FileSize")),
        )
        for item in root.all("Item")
    )
    return RecordPart(_count(root.get("SumNum")), items)


def _device_info(root: Element) -> DeviceInfo:
    return DeviceInfo(
        name=root.get("DeviceName") or "",
        manufacturer=root.get("Manufacturer") or "",
        model=root.get("Model") or "",
        firmware=root.get("Firmware") or "",
        channel_count=_count(root.get("Channel")),
    )


def _device_status(root: Element) -> DeviceStatus:
    online, status, record = root.get("Online"), root.get("Status"), root.get("Record")
    duties = [(_id(item.get("DeviceID")), (item.get("DutyStatus") or "").upper()) for item in root.all("Item")]
    return DeviceStatus(
        is_online=online.upper() in {"ONLINE", "ON"} if online else None,
        is_ok=_is_ok(status) if status else None,
        is_recording=record.upper() == "ON" if record else None,
        reason=root.get("Reason") or "",
        device_time=root.get("DeviceTime") or "",
        duties=tuple((device_id, duty) for device_id, duty in duties if device_id),
    )


def _is_ok(text: str) -> bool:
    return text.upper() == "OK"


def _id(text: str | None) -> str:
    return text if text and catalog_items.is_id(text) else ""


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None


def _count(text: str | None) -> int | None:
    number = _number(text)
    return number if number is not None and number >= 0 else None


_READERS: Final[dict[tuple[DocumentRoot, str], Callable[[Element], Content]]] = {
    (DocumentRoot.NOTIFY, "keepalive"): _keepalive,
    (DocumentRoot.NOTIFY, "alarm"): _alarm,
    (DocumentRoot.NOTIFY, "mediastatus"): _media_status,
    (DocumentRoot.NOTIFY, "uploadsnapshotfinished"): _snapshots_uploaded,
    (DocumentRoot.NOTIFY, "catalog"): _catalog_change,
    (DocumentRoot.RESPONSE, "catalog"): _catalog_answer,
    (DocumentRoot.RESPONSE, "recordinfo"): _record_answer,
    (DocumentRoot.RESPONSE, "deviceinfo"): _device_info,
    (DocumentRoot.RESPONSE, "devicestatus"): _device_status,
}
