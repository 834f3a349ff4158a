"""Parses one item of a catalog: a camera, an alarm input, a group, a region, or the device itself."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from provisioning.manscdp.xml_tree import Element, names

FIELDS: Final = names(
    "Item DeviceID Name Manufacturer Model CivilCode Parental ParentID Status Longitude Latitude BusinessGroupID Event"
    " Info PTZType StreamNumberList"
)
"""Elements that are read of an item, and no more: a catalog has passwords in it, too."""

Event = Literal["ON", "OFF", "VLOST", "DEFECT", "ADD", "DEL", "UPDATE"]
_EVENTS: Final[dict[str, Event]] = {
    "ON": "ON",
    "OFF": "OFF",
    "VLOST": "VLOST",
    "DEFECT": "DEFECT",
    "ADD": "ADD",
    "DEL": "DEL",
    "UPDATE": "UPDATE",
}
_ONLINE: Final = frozenset({"ON", "OK", "ONLINE"})
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_CODE: Final = re.compile(r"[0-9]{20}", re.ASCII)
_MOBILE: Final = 138
"""Type of a device that is worn or driven: its coordinates are a person's position, and are not kept."""
_STREAM_NUMBERS: Final = re.compile(r"[0-9](?:/[0-9]){0,7}", re.ASCII)
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """An item of a catalog. Texts are stripped and cut to 256 characters; empty where missing."""

    item_id: str
    name: str = ""
    manufacturer: str = ""
    model: str = ""
    civil_code: str = ""
    parental: bool | None = None
    """True if the item says that it has children."""
    parent_ids: tuple[str, ...] = ()
    """In the order written, the nearest first where a device writes a path: they do not agree on that."""
    business_group_id: str = ""
    is_online: bool | None = None
    """Anything but ON, OK or ONLINE is offline; None where the item does not say."""
    longitude: float | None = None
    """Degrees as the device has them: WGS84 or GCJ02."""
    latitude: float | None = None
    ptz_kind: int | None = None
    """1 dome, 2 half dome, 3 fixed, 4 remote, 5 remote half dome, 6 panorama, 7 split."""
    stream_numbers: tuple[int, ...] = ()
    """0 main, 1 sub, 2 third: the streams that `a=streamnumber` may ask for (2022)."""
    event: Event | None = None
    """The change, where the item is part of a notification."""


def is_id(text: str) -> bool:
    """True if the text may be an id. GB/T 28181 wants 20 digits; devices use others, so this takes more."""
    return _ID.fullmatch(text) is not None


def kind_of(code: str) -> int | None:
    """Returns the type in a 20-digit id, 131 for a camera; None for an id that is none."""
    return int(code[10:13]) if _CODE.fullmatch(code) else None


def of(item: Element) -> CatalogItem | None:
    """Reads an item; None where it has no usable id."""
    item_id = item.get("DeviceID") or ""
    if not is_id(item_id):
        return None
    is_fixed = kind_of(item_id) != _MOBILE
    return CatalogItem(
        item_id=item_id,
        name=item.find_text("Name") or "",
        manufacturer=item.find_text("Manufacturer") or "",
        model=item.find_text("Model") or "",
        civil_code=item.find_text("CivilCode") or "",
        parental=_parental(item.find_text("Parental")),
        parent_ids=tuple(part for part in (item.find_text("ParentID") or "").split("/") if is_id(part)),
        business_group_id=item.find_text("BusinessGroupID") or "",
        is_online=_online(item.find_text("Status")),
        longitude=_degrees(item.find_text("Longitude"), 180) if is_fixed else None,
        latitude=_degrees(item.find_text("Latitude"), 90) if is_fixed else None,
        ptz_kind=_digit(item.find_text("PTZType")),
        stream_numbers=_stream_numbers(item.find_text("StreamNumberList")),
        event=_EVENTS.get((item.find_text("Event") or "").upper()),
    )


def _parental(text: str | None) -> bool | None:
    return {"0": False, "1": True}.get(text or "")


def _online(text: str | None) -> bool | None:
    return text.upper() in _ONLINE if text else None


def _degrees(text: str | None, most: int) -> float | None:
    """Reads degrees; None for what is no number, out of range, or the 0 of a device that does not know where it is."""
    if text is None or not _DEGREES.fullmatch(text):
        return None
    value = float(text)
    return value if value and abs(value) <= most else None


def _digit(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) == 1 and text in "0123456789" else None


def _stream_numbers(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("/")) if text and _STREAM_NUMBERS.fullmatch(text) else ()
