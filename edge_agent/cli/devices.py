"""Runs `wayside-edge devices`: lists the GB/T 28181 devices that are registered, and those refused."""

import json
from pathlib import Path

from edge_agent.cli.command import config_in_use, one_line, out
from edge_agent.diagnosis.device_list import DeviceList
from edge_agent.gb28181.registration_file import read_devices
from provisioning.contracts.errors import ConfigError


@one_line
def devices(path: Path, *, with_channels: bool, as_json: bool) -> int:
    """List the devices that register with this agent."""
    edge = config_in_use(path)
    if edge.gb28181 is None:
        raise ConfigError(f"{path}: has no [gb28181], with which devices could register")
    listed = DeviceList(edge, *read_devices(edge.spool.directory, edge.gb28181.platform_id))
    if as_json:
        print(json.dumps(listed.plain(), ensure_ascii=False))  # noqa: T201 - a program reads this
        return 0
    for table in listed.tables(with_channels=with_channels):
        out.print(table)
    return 0
