"""Prints `wayside-edge devices`: registered devices, those that are refused, and their channels."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from edge_agent.gb28181.beijing_time import BeijingTime
from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.host_port import host_port
from edge_agent.source_kinds import sources_of
from provisioning.contracts.config.processes import EdgeConfig, Gb28181Source

_TIME: Final = BeijingTime()
_SECOND_MS: Final = 1000


class DeviceList:
    """Lists the devices of one agent, as its file has them at the moment."""

    def __init__(self, edge: EdgeConfig, seen: Sequence[DeviceView], strangers: Sequence[UnknownDevice]) -> None:
        """A device that was configured after the agent wrote its file is listed as one that never came."""
        sources = sources_of(edge.cameras, Gb28181Source)
        self._cameras: dict[tuple[str, str], list[str]] = {}
        for camera_id, source in sources.items():
            self._cameras.setdefault((source.device_id, source.channel_id), []).append(camera_id)
        known = {each.device_id: each for each in seen}
        ids = dict.fromkeys(source.device_id for source in sources.values())
        self._seen = [known.get(device_id, DeviceView(device_id)) for device_id in ids]
        self._strangers = strangers

    def tables(self, *, with_channels: bool) -> list[Table]:
        tables = [self._devices()]
        if with_channels:
            tables.append(self._channels())
        return [*tables, self._knocking()] if self._strangers else tables

    def plain(self) -> Mapping[str, Any]:
        return {
            "devices": [
                {
                    "device_id": each.device_id,
                    "there": each.is_there,
                    "transport": each.transport,
                    "host": each.host,
                    "port": each.port,
                    "edition": each.version.value,
                    "since_ms": each.since_ms,
                    "expires_at_ms": each.expires_at_ms,
                    "manufacturer": each.manufacturer,
                    "model": each.model,
                    "firmware": each.firmware,
                    "clock_skew_ms": each.skew_ms,
                    "clock_bound_ms": each.bound_ms,
                    "alarms": each.alarms,
                    "last_alarm": each.last_alarm,
                    "trouble": _trouble(each),
                    "channels": [
                        {
                            "channel_id": channel.channel_id,
                            "name": channel.name,
                            "online": channel.is_online,
                            "groups": list(channel.groups),
                            "cameras": self._cameras.get(channel.key, []),
                        }
                        for channel in each.channels or ()
                    ],
                }
                for each in self._seen
            ],
            "strangers": [
                {
                    "device_id": each.device_id,
                    "host": each.host,
                    "transport": each.transport,
                    "software": each.software,
                    "why": each.why,
                    "times": each.times,
                    "last_ms": each.last_ms,
                }
                for each in self._strangers
            ],
        }

    def _devices(self) -> Table:
        there = sum(each.is_there for each in self._seen)
        table = Table("device", "state", "from", "maker", title=f"{there} of {len(self._seen)} devices are registered")
        for title in ("channels", "clock", "alarms"):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("trouble")
        for each in self._seen:
            table.add_row(
                each.device_id,
                "there" if each.is_there else "gone" if each.since_ms else "never came",
                f"{host_port(each.host, each.port)} {each.transport}" if each.host else "",
                escape(f"{each.manufacturer} {each.model}".strip()),
                _counted(each),
                _clock(each),
                str(each.alarms) if each.alarms else "",
                escape(_trouble(each)),
            )
        return table

    def _channels(self) -> Table:
        table = Table("device", "channel", "name", "group", "state", "camera", title="channels")
        for each in self._seen:
            for channel in each.channels or ():
                state = {True: "on", False: "off", None: ""}[channel.is_online]
                cameras = ", ".join(self._cameras.get(channel.key, []))
                groups = escape(" / ".join(channel.groups))
                table.add_row(each.device_id, channel.channel_id, escape(channel.name), groups, state, cameras)
        return table

    def _knocking(self) -> Table:
        table = Table("id", "from", "software", "times", "last", "refused because", title="who knocks and is refused")
        for each in self._strangers:
            last = datetime.fromisoformat(_TIME.text(each.last_ms)).strftime("%Y-%m-%d %H:%M:%S")
            place = f"{host_port(each.host, each.port)} {each.transport}"
            table.add_row(each.device_id, place, escape(each.software), str(each.times), last, each.why)
        return table


def _counted(seen: DeviceView) -> str:
    if seen.channels is None:
        return ""
    count = str(len(seen.channels))
    is_short = seen.announced is not None and seen.announced > len(seen.channels)
    return f"{count} of {seen.announced}" if is_short else count


def _clock(seen: DeviceView) -> str:
    if seen.skew_ms is None or seen.bound_ms is None:
        return ""
    if abs(seen.skew_ms) <= seen.bound_ms:
        return "right"
    return f"{seen.skew_ms / _SECOND_MS:+.1f} s"


def _trouble(seen: DeviceView) -> str:
    """Joins the faults of a device: the refusal, and of a registered one the catalog's and the subscription's."""
    parts = [seen.refused, "" if seen.is_there else seen.why, seen.catalog_trouble, seen.subscription_trouble]
    return "; ".join(part for part in parts if part)
