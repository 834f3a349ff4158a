"""Defines one frozen type for each kind of MANSCDP message, with the fields that are used here.

What is not a field of one of these is not read, let alone kept: no password and no address of a catalog, no description
of an alarm (firmware writes plates and names into it), and nothing of a position or of a person.
"""

from dataclasses import dataclass
from typing import Final, Literal

from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem

_MEDIA_OVER: Final = 121


@dataclass(frozen=True, slots=True)
class Keepalive:
    """Notify Keepalive: the device is alive."""

    is_ok: bool
    faulty: tuple[str, ...] = ()
    """Ids of children that do not work, as the device says."""


@dataclass(frozen=True, slots=True)
class CatalogPart:
    """Response Catalog: one message of several. `catalog.CatalogAssembly` puts them together."""

    sum_num: int | None
    """Length of the whole catalog, as the device claims: often it is another."""
    items: tuple[CatalogItem, ...]
    nameless: int = 0
    """Items without a usable DeviceID, dropped; they count towards the sum."""


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """Notify Catalog: changes of known channels, or a new one (each item has its `event`)."""

    items: tuple[CatalogItem, ...]


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """Response DeviceInfo: maker, model, firmware."""

    name: str
    manufacturer: str
    model: str
    firmware: str
    channel_count: int | None


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """Response DeviceStatus. None where the device does not say."""

    is_online: bool | None
    is_ok: bool | None
    is_recording: bool | None
    reason: str
    device_time: str
    """Local time as the device writes it, for `Calendar.at_ms`; empty where it states none."""
    duties: tuple[tuple[str, str], ...]
    """Alarm inputs: id and ONDUTY, OFFDUTY or ALARM, in capitals."""


@dataclass(frozen=True, slots=True)
class RecordItem:
    """One recording. Times as the device writes them."""

    channel_id: str
    """May be empty: some devices leave it out of the items."""
    started_at: str
    ended_at: str
    kind: str
    """time, alarm, manual or all, in lower case."""
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class RecordPart:
    """Response RecordInfo: one message of several. `records.RecordAssembly` puts them together."""

    sum_num: int | None
    items: tuple[RecordItem, ...]


@dataclass(frozen=True, slots=True)
class MediaStatus:
    """Notify MediaStatus: the device reports on a playback or download."""

    notify_type: int | None

    @property
    def is_end(self) -> bool:
        """True if a playback or download is over: the device has sent all there is."""
        return self.notify_type == _MEDIA_OVER


@dataclass(frozen=True, slots=True)
class SnapshotsUploaded:
    """Notify UploadSnapShotFinished: the device has uploaded what it was commanded to, as it says."""

    session_id: str
    """Session of the command; empty where the device does not state it as it was given."""


@dataclass(frozen=True, slots=True)
class Result:
    """Response to a command or a subscription, or to a query that was refused: OK or ERROR."""

    is_ok: bool


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A report on a person or a position: answered, dropped and counted. Nothing of it is kept but that it came."""

    kind: Literal["mobile_position", "person"]


@dataclass(frozen=True, slots=True)
class Other:
    """A message that is not needed here: answered, and no more."""


Content = (
    Keepalive
    | CatalogPart
    | CatalogChange
    | DeviceInfo
    | DeviceStatus
    | RecordPart
    | Alarm
    | MediaStatus
    | SnapshotsUploaded
    | Result
    | Unwanted
    | Other
)
