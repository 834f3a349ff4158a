"""Keeps the last known state of every device from the endpoint's events. One thread writes, any thread may read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from edge_agent.gb28181.devices.events import (
    Alarmed,
    CatalogMissed,
    CatalogTaken,
    Event,
    Forget,
    InfoTaken,
    Keep,
    Moved,
    Offline,
    Online,
    Restored,
    StatusTaken,
    SubscriptionGivenUp,
    TurnedAway,
)
from edge_agent.gb28181.devices.registrations import Gone, Registration
from edge_agent.gb28181.devices.subscriptions import Topic
from edge_agent.gb28181.manscdp.channels import Channel, channels
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.sessions.invite import DeviceRoute
from provisioning.sip.edition import Version

_WHY: Final = {
    Gone.UNREGISTERED: "it took leave",
    Gone.SILENT: "no word for three of its keepalives: see its power and network, and the interval set in it",
    Gone.CLOSED: "its TCP connection ended",
    Gone.EXPIRED: "its registration ran out and was not renewed",
}
_LISTS: Final = {
    AnswerOutcome.SILENT: "it was asked for its channels and gave none",
    AnswerOutcome.REFUSED: "it refuses to tell its channels",
    AnswerOutcome.STALLED: "its list of channels broke off",
    AnswerOutcome.TOO_MANY: "it has more channels than are kept",
}
_FALLS: Final = (
    "it ends its connection over our subscription to its {what}, which is not sent any more: renew its firmware"
)
_GIVEN_UP: Final = {
    Topic.CATALOG: _FALLS.format(what="list"),
    Topic.ALARM: _FALLS.format(what="alarms"),
}


@dataclass(frozen=True, slots=True)
class DeviceView:
    """Known state of one device. Replaced whole."""

    device_id: str
    is_there: bool = False
    """Registered and heard, or registered before our restart and not overdue yet."""
    is_reachable: bool = False
    """There is a route now: a device on TCP must have come back after a restart of ours."""
    transport: str = ""
    host: str = ""
    port: int = 0
    version: Version = Version.V2016
    why: str = ""
    """Reason for which the device is offline."""
    refused: str = ""
    """Why the device's last REGISTER was refused; empty once it is let in."""
    since_ms: int = 0
    """Unix milliseconds at which the device came online or went offline."""
    expires_at_ms: int = 0
    channels: tuple[Channel, ...] | None = None
    """None: the catalog was never taken."""
    announced: int | None = None
    """Number of channels that the device claims to have."""
    catalog_at_ms: int = 0
    catalog_trouble: str = ""
    subscription_trouble: str = ""
    """Why alarms or catalog changes of the device are not subscribed to any more; empty: nothing was given up."""
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    skew_ms: int | None = None
    """The device's clock minus the agent's."""
    bound_ms: int | None = None
    measured_at_ms: int = 0
    alarms: int = 0
    last_alarm: str = ""
    """Kind of the last alarm, in a word."""
    last_alarm_at_ms: int = 0

    def channel(self, channel_id: str) -> Channel | None:
        """Returns a channel of the catalog; None where the catalog lacks it, or was never taken."""
        return next((each for each in self.channels or () if each.channel_id == channel_id), None)


class DeviceReach(Protocol):
    """Answers whether and over which route a device can be reached."""

    def is_there(self, device_id: str) -> bool:
        """True while the device counts as registered."""

    def route(self, device_id: str) -> DeviceRoute | None:
        """Returns the route to the device; None: there is none now."""


class DeviceViews:
    """Holds a `DeviceView` a device. The set of devices never changes, each entry is replaced whole: no torn reads."""

    def __init__(self, device_ids: Iterable[str], platform_id: str) -> None:
        self._seen = {device_id: DeviceView(device_id) for device_id in device_ids}
        self._platform_id = platform_id
        self._changed: set[str] = set()

    def __getitem__(self, device_id: str) -> DeviceView:
        return self._seen[device_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen)

    def all(self) -> dict[str, DeviceView]:
        """Returns the state of every device, by device id."""
        return dict(self._seen)

    def changed(self) -> list[DeviceView]:
        """Returns the devices that changed since the last call."""
        changed, self._changed = self._changed, set()
        return [self._seen[device_id] for device_id in changed]

    def restore(self, before: Mapping[str, DeviceView], restored: Iterable[Restored], reach: DeviceReach) -> None:
        """Begins with what was remembered from before a restart."""
        for device_id in self._seen:
            self._seen[device_id] = replace(
                before.get(device_id, DeviceView(device_id)),
                is_there=False,
                is_reachable=False,
                subscription_trouble="",
            )
        for each in restored:
            if each.registration is not None:
                self._show(each.registration)
            known = channels(each.device_id, each.items, self._platform_id) if each.catalog_at_ms else None
            self._replace(
                each.device_id,
                is_there=reach.is_there(each.device_id),
                is_reachable=reach.route(each.device_id) is not None,
                channels=known,
            )
        self._changed.update(self._seen)

    def refused(self, device_id: str, why: str) -> None:
        """Notes why the device's last REGISTER was refused."""
        self._replace(device_id, refused=why)

    def apply(self, event: Event, now_ms: int) -> None:
        """Applies one event of the endpoint to its device's state."""
        match event:
            case Online(registration):
                self._show(registration)
                self._replace(
                    registration.device_id, is_there=True, is_reachable=True, since_ms=now_ms, why="", refused=""
                )
            case Keep(registration) | Moved(registration):
                self._show(registration)
                self._replace(registration.device_id, refused="")
            case Offline(device_id, why):
                self._replace(device_id, is_there=False, is_reachable=False, since_ms=now_ms, why=_WHY[why])
            case Forget(device_id) if device_id in self._seen:
                self._replace(device_id, expires_at_ms=0)
            case TurnedAway(device_id, _, why):
                self.refused(device_id, why)
            case _:
                self._answered(event, now_ms)

    def _answered(self, event: Event, now_ms: int) -> None:
        match event:
            case CatalogTaken():
                self._catalog(event)
            case CatalogMissed(device_id, outcome):
                self._replace(device_id, catalog_trouble=_LISTS[outcome])
            case InfoTaken(device_id, info):
                self._replace(device_id, manufacturer=info.manufacturer, model=info.model, firmware=info.firmware)
            case StatusTaken(device_id, _, skew_ms, bound_ms) if skew_ms is not None:
                self._replace(device_id, skew_ms=skew_ms, bound_ms=bound_ms, measured_at_ms=now_ms)
            case SubscriptionGivenUp(device_id, topic):
                self._replace(device_id, subscription_trouble=_GIVEN_UP[topic])
            case Alarmed(device_id, _, alarm):
                count = self._seen[device_id].alarms + 1
                self._replace(device_id, alarms=count, last_alarm=alarm.kind, last_alarm_at_ms=now_ms)

    def _catalog(self, taken: CatalogTaken) -> None:
        if taken.outcome is None:
            self._replace(taken.device_id, channels=taken.channels)
            return
        self._replace(
            taken.device_id,
            channels=taken.channels,
            announced=taken.announced,
            catalog_at_ms=taken.at_ms,
            catalog_trouble=_LISTS.get(taken.outcome, ""),
        )

    def _show(self, registration: Registration) -> None:
        self._replace(
            registration.device_id,
            transport=registration.peer.transport,
            host=registration.peer.host,
            port=registration.peer.port,
            version=registration.version,
            expires_at_ms=registration.expires_at_ms,
        )

    def _replace(self, device_id: str, **changes: object) -> None:
        self._seen[device_id] = replace(self._seen[device_id], **changes)  # type: ignore[arg-type]
        self._changed.add(device_id)
