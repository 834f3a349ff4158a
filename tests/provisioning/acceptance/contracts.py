"""Contracts, inventories and reports of the tests, as text."""

import json
from pathlib import Path
from typing import Any

from provisioning.servers.hardware import Cpu, DiskArray, DiskDrive, Gpu, NetworkPort
from provisioning.servers.inventory import Inventory

HEAD = '[contract]\nid = "county"\nzh = "县"\nen = "County"\n'


def row(name: str, **keys: Any) -> str:
    """A row as TOML: a JSON string, number or boolean is one in TOML, too."""
    told = {"id": name, "part": "functions", "zh": "约定", "en": "promise"} | keys
    lines = [
        f"{key} = {{ " + ", ".join(f"{inner} = {json.dumps(text)}" for inner, text in value.items()) + " }"
        if isinstance(value, dict)
        else f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in told.items()
    ]
    return "\n".join(["[[row]]", *lines, ""])


def contract(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return path


def inventory(**changes: Any) -> Inventory:
    """A server with four T4, an array of 24 disks and one port."""
    told: dict[str, Any] = {
        "server": "parse",
        "host": "parse-1",
        "taken_at_ms": 0,
        "cpu": Cpu(model="Xeon", sockets=2, cores=32, threads=64),
        "memory_bytes": 256 * 2**30,
        "disks": tuple(DiskDrive(name=f"sd{number}", model="HGST", bytes=8 * 10**12) for number in range(24)),
        "arrays": (DiskArray(name="md0", level="raid6", members=24, intact=True),),
        "ports": (NetworkPort(name="eno1", up=True, mbit_s=10_000), NetworkPort(name="eno2", up=False, mbit_s=25_000)),
        "gpus": tuple(Gpu(model="Tesla T4", memory_mib=15360) for _ in range(4)),
    }
    return Inventory.model_validate(told | changes)
