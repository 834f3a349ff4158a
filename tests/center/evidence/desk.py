"""A centre's evidence desk without its web server: keys from a site authority, and exports of a drawn street."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from center.clock import ClockState
from center.evidence.export_store import Serials
from center.evidence.manifest import Case, LeftOut, Manifest
from center.evidence.package import ExportOrder, Package, Sealer
from center.evidence.setup import open_sealer
from center.evidence.trust import Roots
from center.evidence.zip_container import Reader, Writer, ZipEntry
from provisioning.contracts.config.evidence import Evidence
from provisioning.pki.identities import Identities
from tests.center.street import NOW_MS, observation
from tests.support.fresh_store import fresh_store

SYNCED: Final = ClockState(synchronised=True, max_error_ms=40)
CASE: Final = Case(
    number="J2026-117", purpose="Hit and run, Station Street 车辆肇事逃逸", requester="Traffic police 交警大队"
)
AUDIT: Final[dict[str, Any]] = {"entries": []}


@dataclass(frozen=True)
class Desk:
    """Keys, and what opens them."""

    identities: Identities
    settings: Evidence
    sealer: Sealer

    @property
    def root(self) -> Path:
        return self.settings.ca_file

    @property
    def roots(self) -> Roots:
        return Roots.load(self.root)


def open_desk(
    directory: Path,
    *,
    serials: Serials | None = None,
    now_ms: Callable[[], int] = lambda: NOW_MS,
    identities: Identities | None = None,
) -> Desk:
    """A desk, of a new authority where none is given. Certificates are issued at `now_ms`."""
    directory.mkdir(parents=True, exist_ok=True)
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    identities = identities or Identities.create(directory / "home", now=now)
    signing, stamping = (identities.issue(name, now=now) for name in ("evidence", "timestamp"))
    settings = Evidence(
        ca_file=signing.ca_file,
        signing_cert_file=signing.cert_file,
        signing_key_file=signing.key_file,
        stamp_cert_file=stamping.cert_file,
        stamp_key_file=stamping.key_file,
        clock_source="chrony, two stratum-1 servers of the county",
    )
    if serials is None:
        store = fresh_store(directory / "stamps.sqlite3")
        serials = Serials(store)
    sealer = open_sealer(settings, Roots.load(signing.ca_file), serials, now_ms)
    return Desk(identities, settings, replace(sealer, clock_state=lambda: SYNCED))


def export(
    sealer: Sealer,
    target: Path,
    *,
    pictures: int = 3,
    left_out: Sequence[LeftOut] = (),
    camera_name: str = "Station Street 站前街",
    case: Case = CASE,
    now_ms: int = NOW_MS,
) -> Manifest:
    """A whole archive at `target`."""
    with target.open("wb") as file:
        package = Package(file, ExportOrder("ab" * 16, case, "operator", pictures + len(left_out)), sealer)
        for number in range(pictures):
            package.add(*observation(f"cam-{number % 2}", now_ms - 40_000 * number, number), camera_name=camera_name)
        for out in left_out:
            package.leave_out(out)
        return package.close(dict(AUDIT), now_ms=now_ms)


def contents(path: Path) -> dict[str, bytes]:
    """Every file of an archive, in order."""
    return {entry.name: content for entry, content in Reader.open(path).entries(lambda _name: 1 << 30)}


def entries(path: Path) -> list[ZipEntry]:
    """Every entry of an archive, in order."""
    return [entry for entry, _ in Reader.open(path).entries()]


def packed(files: dict[str, bytes], path: Path) -> Path:
    """These files as an archive whose every header is right: what somebody would make who knows how."""
    buffer = io.BytesIO()
    writer = Writer(buffer)
    for name, content in files.items():
        writer.add(name, content)
    writer.close()
    path.write_bytes(buffer.getvalue())
    return path
