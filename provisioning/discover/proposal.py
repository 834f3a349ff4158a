"""Writes findings as lines of a camera list, for `wayside-provision cameras import` after a technician's review."""

import csv
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provisioning.files.spreadsheets import safe_cell

COLUMNS: Final = ("id", "name", "kind", "url", "device_id", "channel_id", "username", "password")
_NOT_AN_ID: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed camera. `note` is for the table: its origin, and the work that is left."""

    id: str
    name: str
    note: str
    url: str = ""
    device_id: str = ""
    channel_id: str = ""

    @property
    def kind(self) -> str:
        """Kind of source, as in the column."""
        return "gb28181" if self.device_id else "rtsp"


def camera_id(*words: str) -> str:
    """Makes an id from the known words; `camera` without any."""
    joined = "-".join(filter(None, (_NOT_AN_ID.sub("-", word).strip("-_.") for word in words)))
    return joined[:64].rstrip("-_.") or "camera"


def distinct(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Drops repeated streams, and numbers repeated ids."""
    kept: dict[tuple[str, str, str], Proposal] = {}
    for each in proposals:
        kept.setdefault((each.url, each.device_id, each.channel_id), each)
    made: dict[str, Proposal] = {}
    for each in kept.values():
        numbered = (f"{each.id[:58]}-{count}" for count in itertools.count(2))
        free = next(name for name in itertools.chain([each.id], numbered) if name not in made)
        made[free] = replace(each, id=free)
    return list(made.values())


def csv_text(proposals: Sequence[Proposal], username: str, password: str) -> str:
    """Writes the list, in the order of `COLUMNS`; every line has the same user and password, or none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in proposals:
        writer.writerow(
            (
                each.id,
                safe_cell(each.name),
                each.kind,
                each.url,
                each.device_id,
                each.channel_id,
                username,
                password,
            )
        )
    return out.getvalue()
