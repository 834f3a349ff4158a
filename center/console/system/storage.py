"""Draws the storage of each server, a row each with the worst of its kind in a column, and the store of pictures."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from nicegui import ui

from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import marked
from center.pipeline.judge_servers import StorageItem, StorageKind
from center.pipeline.stages import StageState
from provisioning.contracts.query.archive import PackStoreStatus

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


def draw_pack_store(store: PackStoreStatus | None, _: Language) -> None:
    """Draws where the pictures lie and how many there are; nothing if they lie on the archive's disk."""
    if store is None:
        return
    words("h2", _("Pictures in an object store"))
    heads = (_("Place"), _("Prefix"), _("State"), _("Packs"), _("Data volume"), _("Without rows"), _("Counted at"))
    with table(*heads, label=_("Pictures in an object store")), ui.element("tr"):
        words("td", f"{store.endpoint}/{store.bucket}")
        words("td", store.prefix)
        with ui.element("td"):
            state(*_of_store(store, _))
        packs = store.packs
        words("td", "–" if packs is None else f"{packs.packs:,}")
        words("td", "–" if packs is None else f"{packs.size_bytes / 1e9:,.1f} GB")
        words("td", "–" if packs is None else f"{packs.unreferenced:,}")
        with ui.element("td"):
            if packs is None:
                words("span", _("not yet")).classes("ws-muted")
            else:
                moment(moments.local(packs.at_ms), moments.utc(packs.at_ms))


def _of_store(store: PackStoreStatus, _: Language) -> tuple[str, str]:
    if store.answers is None:
        return labels.STAGE_TONES[StageState.UNKNOWN], _("not checked yet")
    if store.answers:
        return labels.STAGE_TONES[StageState.GREEN], _("OK")
    since = moments.local(store.away_since_ms) if store.away_since_ms is not None else "–"
    return labels.STAGE_TONES[StageState.RED], _("No answer since {at}").format(at=since)


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
