"""Finds a device's channels and their groups in its catalog: read leniently, as no two makers agree on ParentID."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.gb28181.manscdp.catalog_items import CatalogItem, kind_of

_REGION: Final = re.compile(r"(?:[0-9]{2}){1,4}", re.ASCII)
"""2, 4, 6 or 8 digits: an administrative region and no device."""
_CAMERAS: Final = frozenset({131, 132})
_PLATFORMS: Final = range(200, 300)
"""Types of platforms, with 215 business group and 216 virtual organisation."""
_BLIND: Final = frozenset({133, 134, 135, 136, 137, 140, 141, 142, 143})
"""Monitor, alarm in and out, audio in and out, relay, barrier, door, credential: no video comes from these."""
_MAX_DEPTH: Final = 16


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that may be invited. Its id alone is not unique: recorders repeat one another's."""

    device_id: str
    channel_id: str
    name: str
    manufacturer: str
    model: str
    is_online: bool | None
    """As the device says; None where it does not."""
    has_video: bool
    parent_id: str | None
    """The group or unit of the same catalog that holds the channel; None: the device itself."""
    groups: tuple[str, ...]
    """Names of the enclosing groups, the outermost first; without a name, the id."""
    longitude: float | None
    latitude: float | None
    ptz_kind: int | None
    stream_numbers: tuple[int, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Identifies the channel among all devices."""
        return self.device_id, self.channel_id


def channels(device_id: str, items: Iterable[CatalogItem], platform_id: str = "") -> tuple[Channel, ...]:
    """Finds the channels in a device's whole catalog.

    Our own id is no node in it, though devices hang their tree there.
    """
    known = {item.item_id: item for item in items if item.item_id != platform_id}
    return tuple(
        _channel(device_id, item, known) for item in known.values() if _is_channel(item, device_id, len(known) == 1)
    )


def _is_channel(item: CatalogItem, device_id: str, is_alone: bool) -> bool:
    """True for a camera, always; never for a region, group or platform; of the rest, for items without children.

    The device itself is a channel where it lists nothing else: a camera that registers under a recorder's type.
    """
    kind = kind_of(item.item_id)
    if kind in _CAMERAS:
        return True
    if kind in _PLATFORMS or _REGION.fullmatch(item.item_id):
        return False
    return is_alone if item.item_id == device_id else not item.parental


def _channel(device_id: str, item: CatalogItem, known: Mapping[str, CatalogItem]) -> Channel:
    above = _above(device_id, item, known)
    return Channel(
        device_id=device_id,
        channel_id=item.item_id,
        name=item.name or item.item_id,
        manufacturer=item.manufacturer,
        model=item.model,
        is_online=item.is_online,
        has_video=kind_of(item.item_id) not in _BLIND,
        parent_id=above[0].item_id if above else None,
        groups=tuple(group.name or group.item_id for group in reversed(above)),
        longitude=item.longitude,
        latitude=item.latitude,
        ptz_kind=item.ptz_kind,
        stream_numbers=item.stream_numbers,
    )


def _above(device_id: str, item: CatalogItem, known: Mapping[str, CatalogItem]) -> list[CatalogItem]:
    """Returns the enclosing groups, the nearest first. Empty where they form a circle, or are deeper than any tree."""
    above: list[CatalogItem] = []
    seen = {device_id, item.item_id}
    parent = _parent(item, known, device_id)
    while parent is not None:
        if parent.item_id in seen or len(above) == _MAX_DEPTH:
            return []
        seen.add(parent.item_id)
        above.append(parent)
        parent = _parent(parent, known, device_id)
    return above


def _parent(item: CatalogItem, known: Mapping[str, CatalogItem], device_id: str) -> CatalogItem | None:
    """Returns the first named parent that is in the catalog, and is neither the device nor the item itself."""
    named = (*item.parent_ids, item.business_group_id, item.civil_code)
    ids = (each for each in named if each not in {device_id, item.item_id})
    return next((known[each] for each in ids if each in known), None)
