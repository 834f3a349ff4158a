"""Defines the events that an endpoint emits. Frozen, and nothing in them is a secret, a position or a person."""

from dataclasses import dataclass
from typing import TypeAlias

from edge_agent.gb28181.devices.registrations import Gone, Registration
from edge_agent.gb28181.devices.subscriptions import Topic
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.channels import Channel
from edge_agent.gb28181.manscdp.message_types import DeviceInfo, DeviceStatus
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.manscdp.records import Records
from edge_agent.gb28181.sessions.invite import SessionEvent


@dataclass(frozen=True, slots=True)
class Online:
    """A device came online: it registered, or was heard again while its registration holds."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class Moved:
    """An online device registered from another address; its sessions are over."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class Offline:
    """A device went offline; its sessions are over."""

    device_id: str
    why: Gone


@dataclass(frozen=True, slots=True)
class Keep:
    """A registration to be remembered over a restart, in place of the earlier one.

    Also after a renewal or a new address.
    """

    registration: Registration


@dataclass(frozen=True, slots=True)
class Forget:
    """A device's registration is over: nothing is to be remembered of it."""

    device_id: str


@dataclass(frozen=True, slots=True)
class Knocked:
    """A device that is in no configuration tried to register."""

    stranger: UnknownDevice


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A REGISTER with a configured device's id was refused."""

    device_id: str
    host: str
    why: str


@dataclass(frozen=True, slots=True)
class SubscriptionGivenUp:
    """A device again ended its connection instead of answering a SUBSCRIBE: that subscription is not sent any more."""

    device_id: str
    topic: Topic


@dataclass(frozen=True, slots=True)
class CatalogTaken:
    """A device's catalog: the whole list, or the list after a notification changed it."""

    device_id: str
    items: tuple[CatalogItem, ...]
    """To be remembered over a restart; see `Restored`."""
    channels: tuple[Channel, ...]
    announced: int | None = None
    """Number of channels that the device claims to have."""
    outcome: AnswerOutcome | None = None
    """End of the query; None: the list changed by a notification, not by a query."""
    at_ms: int = 0
    """Time of the catalog query, Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class CatalogMissed:
    """A catalog query brought no usable list. The catalog that is known stays."""

    device_id: str
    outcome: AnswerOutcome


@dataclass(frozen=True, slots=True)
class RecordsTaken:
    """Reports the recordings that `query_records` asked for."""

    query: int
    device_id: str
    channel_id: str
    records: Records


@dataclass(frozen=True, slots=True)
class InfoTaken:
    """Reports a device's maker, model and firmware."""

    device_id: str
    info: DeviceInfo


@dataclass(frozen=True, slots=True)
class StatusTaken:
    """Reports a device's status and its clock."""

    device_id: str
    status: DeviceStatus
    skew_ms: int | None
    """The device's clock minus the agent's; None where the device does not state its time."""
    bound_ms: int | None
    """Uncertainty of `skew_ms`: half of the round trip, and half a second for a time in whole seconds."""


@dataclass(frozen=True, slots=True)
class Alarmed:
    """A device raised an alarm. Alarms about persons are not among them: they are dropped and counted."""

    device_id: str
    channel_id: str
    """The channel or alarm input; may be the device itself, and empty where the device does not name one."""
    alarm: Alarm
    at_ms: int | None
    """Time of the alarm by the device's clock, Unix milliseconds; None where it is missing or unreadable."""


@dataclass(frozen=True, slots=True)
class SnapshotUploaded:
    """A device reports that it has uploaded its snapshots."""

    device_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class SnapshotRefused:
    """A device refused the command to take a snapshot."""

    device_id: str


Event: TypeAlias = (
    Online
    | Moved
    | Offline
    | Keep
    | Forget
    | Knocked
    | TurnedAway
    | SubscriptionGivenUp
    | CatalogTaken
    | CatalogMissed
    | RecordsTaken
    | InfoTaken
    | StatusTaken
    | Alarmed
    | SnapshotUploaded
    | SnapshotRefused
    | SessionEvent
)


@dataclass(frozen=True, slots=True)
class Restored:
    """State of a device that was remembered over a restart."""

    registration: Registration | None
    """None where no registration holds and only the catalog is known."""
    device_id: str
    items: tuple[CatalogItem, ...] = ()
    catalog_at_ms: int = 0
