"""Lists the configuration for pages, without secrets and without what leads to one."""

import json
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from provisioning.contracts.config.processes import CenterConfig

HIDDEN: Final = frozenset(
    {"notify", "cascade", "assessment_feed", "audit_syslog", "viid_cascade", "events_out", "database_url"}
)
"""Sections and keys left out: addresses of other people's services may hold keys."""
SET: Final = "set"


def shown(config: CenterConfig) -> tuple[tuple[str, str], ...]:
    """Lists keys and values in the file's order; of a file or folder only whether one is set."""
    return tuple(_lines("", config))


def _lines(prefix: str, section: BaseModel) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if name in HIDDEN:
            continue
        if isinstance(value, BaseModel):
            yield from _lines(f"{prefix}{name}.", value)
        elif name.endswith(("_file", "_dir")):
            yield prefix + name, SET if value is not None else ""
        else:
            yield prefix + name, _text(value)


def _text(value: object) -> str:
    """Writes a value as the file has it: lists, tables and truth as in JSON; nothing for one without content."""
    if value in (None, (), {}):
        return ""
    if isinstance(value, bool | tuple | dict):
        return json.dumps(to_jsonable_python(value), ensure_ascii=False)
    return str(value)
