"""Writes the report of a bounded showing: `summary.json` and `contact-sheet.png`."""

import json
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.wire.messages import PictureState
from provisioning.demo import contact_sheet
from provisioning.demo.centre import Centre, ListedObservation
from provisioning.demo.ledger import LedgerCounts, faults
from provisioning.demo.process_table import Weight
from provisioning.errors import DemoError
from provisioning.files import durable

SUMMARY: Final = "summary.json"
SHEET: Final = "contact-sheet.png"
_PRINTS: Final = 12
_PACKAGES: Final = ("wayside", "av", "cryptography", "fastapi", "lancedb", "nicegui", "onnxruntime", "paho-mqtt", "ray")
_MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class ShowingReport:
    """Counts and observations of one showing."""

    counts: LedgerCounts
    observations: Sequence[ListedObservation]
    codecs: Mapping[str, str]
    """Codec by camera id."""
    seconds: Mapping[str, float]
    memory: Mapping[str, Weight]
    """Memory by process, descendants included, while everything ran."""

    def faults(self) -> list[str]:
        """Lists the discrepancies of the counts, a line each."""
        return faults(self.counts, tuple(self.codecs))

    def summary(self) -> dict[str, Any]:
        """Returns the content of `summary.json`."""
        counts = self.counts
        found = self.faults()
        return {
            "ok": not found,
            "faults": found,
            "rows": counts.archive.rows,
            "leaks": counts.archive.leaks,
            "lost": counts.lost,
            "duplicates": counts.duplicates,
            **{f"seconds_{name}": round(value, 2) for name, value in self.seconds.items()},
            "classes": _classes(self.observations),
            "cameras": {camera: self._camera(camera, codec) for camera, codec in self.codecs.items()},
            "ledger": {
                "agent": counts.agent.model_dump(mode="json"),
                "archive": counts.archive.model_dump(mode="json"),
                "api": {"observations": len(set(counts.api_keys)), "listed": len(counts.api_keys)},
            },
            "memory": {name: _weight(weight) for name, weight in self.memory.items()},
            "memory_total": _weight(
                Weight(
                    sum(weight.processes for weight in self.memory.values()),
                    sum(weight.rss_bytes for weight in self.memory.values()),
                    sum(weight.pss_bytes for weight in self.memory.values()),
                )
            ),
            "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
            "versions": _versions(),
        }

    def _camera(self, camera: str, codec: str) -> dict[str, Any]:
        own = [seen for seen in self.observations if seen.camera_id == camera]
        return {"codec": codec, "rows": len(own), "classes": _classes(own)}


def write(directory: Path, account: ShowingReport, centre: Centre, title: str) -> None:
    """Writes both files; pictures come through the centre's API.

    Raises:
        DemoError: a picture cannot be read, or the folder not be written.
    """
    kept = [seen for seen in account.observations if seen.picture is PictureState.KEPT]
    chosen = contact_sheet.choose(kept, tuple(account.codecs), _PRINTS)
    prints = [contact_sheet.Print(seen, centre.picture(seen.row_key)) for seen in chosen]
    text = json.dumps(account.summary(), indent=2, ensure_ascii=False) + "\n"
    try:
        durable.write(directory / SUMMARY, text.encode(), mode=durable.PUBLIC)
        contact_sheet.draw(directory / SHEET, prints, title)
    except OSError as error:
        raise DemoError(f"{directory}: the report cannot be written ({error})") from error


def folder(directory: Path) -> Path:
    """Checks, before any process starts, that the report can be written there.

    Raises:
        DemoError: it cannot.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        durable.write(directory / SUMMARY, b"{}\n", mode=durable.PUBLIC)
    except OSError as error:
        raise DemoError(f"{directory}: cannot hold a report ({error.strerror}); give another with --report") from error
    return directory


def _classes(observations: Sequence[ListedObservation]) -> dict[str, int]:
    return dict(Counter(machine.cls.value for seen in observations for machine in seen.machines).most_common())


def _weight(weight: Weight) -> dict[str, float]:
    return {
        "processes": weight.processes,
        "rss_mib": round(weight.rss_bytes / _MIB, 1),
        "pss_mib": round(weight.pss_bytes / _MIB, 1),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
