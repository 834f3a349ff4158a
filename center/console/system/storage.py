"""Draws the storage of each server: one row a server, in each column the worst of its kind."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from nicegui import ui

from center.console import labels
from center.console.language import Language
from center.console.widgets.markup import words
from center.console.widgets.table import state, table
from center.errors import marked
from center.pipeline.judge_servers import StorageItem, StorageKind
from center.pipeline.stages import StageState

_COLUMNS: Final = (
    (marked("Disk space"), (StorageKind.DISK,)),
    (marked("Inodes"), (StorageKind.INODES,)),
    (marked("NFS and mounts"), (StorageKind.NFS, StorageKind.MOUNT)),
    (marked("RAID"), (StorageKind.RAID,)),
    (marked("SMART"), (StorageKind.SMART,)),
)
_WORST: Final = (StageState.RED, StageState.AMBER, StageState.UNKNOWN, StageState.GREEN)


def draw_storage(items: Sequence[StorageItem], _: Language) -> None:
    """Draws the table; nothing without a server."""
    if not items:
        return
    words("h2", _("Storage by server"))
    heads = (_("Server"), _("Metrics"), *(_(head) for head, _kinds in _COLUMNS))
    with table(*heads, label=_("Storage by server")):
        for server, of in groupby(items, key=attrgetter("server")):
            _row(server, tuple(of), _)


def _row(server: str, items: Sequence[StorageItem], _: Language) -> None:
    with ui.element("tr"):
        words("td", server).classes("ws-nowrap")
        _cell([each for each in items if each.kind is StorageKind.METRICS], _("current"), _)
        for _head, kinds in _COLUMNS:
            _cell([each for each in items if each.kind in kinds], "–", _)


def _cell(items: Iterable[StorageItem], nothing: str, _: Language) -> None:
    ordered = sorted(items, key=lambda each: (_WORST.index(each.state), each.free_share or 0.0))
    with ui.element("td"):
        if not ordered:
            words("span", nothing).classes("ws-muted")
            return
        worst = ordered[0]
        text = worst.name
        if worst.free_share is not None:
            text = _("{name}: {percent} % free").format(
                name=worst.name, percent=f"{int(worst.free_share * 1000) / 10:g}"
            )
        elif worst.finding is None:
            text = _("{count} OK").format(count=len(ordered))
        state(labels.STAGE_TONES[worst.state], text)
