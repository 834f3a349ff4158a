"""Writes the configuration file of each process from the same types that read it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from provisioning.contracts.config.processes import Section, load
from provisioning.files import durable


def write(path: Path, configuration: Section) -> Path:
    """Writes a configuration as TOML, every key of it, mode 0600, and reads it back. Returns `path`.

    Raises:
        ConfigError: the file read back differs.
        OSError: it cannot be written.
    """
    durable.write(path, text(configuration).encode())
    load(type(configuration), path)
    return path


def text(configuration: Section) -> str:
    """Returns a configuration as TOML, every key of it."""
    return "\n".join(_table(configuration.model_dump(mode="json", exclude_none=True))) + "\n"


def _table(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    arrays = {key: value for key, value in table.items() if isinstance(value, list) and _holds_tables(value)}
    for key, value in table.items():
        if key not in tables and key not in arrays:
            # A JSON string, number, boolean or array of them is TOML as well, as long as nothing is escaped to ASCII.
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in tables.items():
        yield f"\n[{path}{key}]"
        yield from _table(value, f"{path}{key}.")
    for key, value in arrays.items():
        for item in value:
            yield f"\n[[{path}{key}]]"
            yield from _table(item, f"{path}{key}.")


def _holds_tables(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(item, dict) for item in value)
