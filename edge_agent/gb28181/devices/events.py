"""What an endpoint tells its shell. Frozen, and nothing in it is a secret, a position or a person."""

from dataclasses import dataclass
from typing import TypeAlias

from edge_agent.gb28181.devices.registrations import Gone, Registration
from edge_agent.gb28181.devices.subscriptions import Topic
from edge_agent.gb28181.devices.unregistered import Stranger
from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.channels import Channel
from edge_agent.gb28181.manscdp.message_types import DeviceInfo, DeviceStatus
from edge_agent.gb28181.manscdp.multipart import Outcome
from edge_agent.gb28181.manscdp.records import Records
from edge_agent.gb28181.sessions.invite import SessionEvent


@dataclass(frozen=True, slots=True)
class Online:
    """A device is there: it registered, or came back while its registration holds."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class Moved:
    """A device that is there registered from elsewhere; its sessions are over."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class Offline:
    """A device is not there any more; its sessions are over."""

    device_id: str
    why: Gone


@dataclass(frozen=True, slots=True)
class Keep:
    """To be remembered over a restart, in the place of what was. Also where a device renews or is reached elsewhere."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class Forget:
    """Its registration is over: nothing is to be remembered."""

    device_id: str


@dataclass(frozen=True, slots=True)
class Knocked:
    """Somebody who is in no configuration wants to register."""

    stranger: Stranger


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Somebody used a device's id and was refused."""

    device_id: str
    host: str
    why: str


@dataclass(frozen=True, slots=True)
class SubscriptionGivenUp:
    """A device ended its connection again instead of answering a SUBSCRIBE: it is not sent any more."""

    device_id: str
    topic: Topic


@dataclass(frozen=True, slots=True)
class CatalogTaken:
    """What a device has: its whole list, or the list as news of it have changed it."""

    device_id: str
    items: tuple[CatalogItem, ...]
    """To be remembered; see `Restored`."""
    channels: tuple[Channel, ...]
    announced: int | None = None
    """How many it claims to have."""
    outcome: Outcome | None = None
    """How its answer ended; None: news."""
    at_ms: int = 0
    """When the list was asked for."""


@dataclass(frozen=True, slots=True)
class CatalogMissed:
    """It was asked for its list, and nothing came that could be one. What is known of it stays."""

    device_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RecordsTaken:
    """The answer to `query_records`."""

    query: int
    device_id: str
    channel_id: str
    records: Records


@dataclass(frozen=True, slots=True)
class InfoTaken:
    """Maker, model, firmware."""

    device_id: str
    info: DeviceInfo


@dataclass(frozen=True, slots=True)
class StatusTaken:
    """How a device is, and what time it has."""

    device_id: str
    status: DeviceStatus
    skew_ms: int | None
    """Its clock minus ours; None where it does not say its time."""
    bound_ms: int | None
    """How far off `skew_ms` may be: half of the round trip, and the second that it is told in."""


@dataclass(frozen=True, slots=True)
class Alarmed:
    """A device raised an alarm. Those of persons are not among them: dropped, and counted."""

    device_id: str
    channel_id: str
    """Which of its channels or inputs; may be the device itself, and empty where it does not say."""
    alarm: Alarm
    at_ms: int | None
    """By the device's clock."""


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
    | SessionEvent
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was remembered of a device over a restart."""

    registration: Registration | None
    """None where it has no valid one, and only its catalog is known."""
    device_id: str
    items: tuple[CatalogItem, ...] = ()
    catalog_at_ms: int = 0
