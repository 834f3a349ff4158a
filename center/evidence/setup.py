"""Opens the service of exports from the configuration: reads and checks keys, makes the folder, recovers."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from center.access.permissions import Access
from center.audit.log import Audit
from center.clock import NowMs, clock_state
from center.database.store import Store
from center.errors import StartError
from center.evidence import cms
from center.evidence.export_store import ExportStore, Serials
from center.evidence.package import Sealer
from center.evidence.service import ExportLimits, Exports, keep_ms
from center.evidence.signer import Signer
from center.evidence.summary import load_font
from center.evidence.timestamp import StampAuthority
from center.evidence.trust import EVIDENCE, STAMPS, Roots, RootsError
from center.fleet.devices import Devices
from center.retention import Retention
from center.search.client import Search
from provisioning.contracts.config.evidence import Evidence
from provisioning.contracts.config.processes import CenterConfig

FOLDER: Final = "evidence"
"""Name of the folder of exports in data_dir."""


def open_exports(
    config: CenterConfig,
    *,
    store: Store,
    search: Search,
    audit: Audit,
    devices: Devices,
    cases_in_sight: Callable[[Iterable[str], Access], frozenset[str]],
    retention: Retention,
    now_ms: NowMs,
) -> Exports | None:
    """Opens the service; None if [evidence] is not configured.

    Raises:
        StartError: a key, a certificate, the font or the folder cannot be used.
        StoreUnavailableError: the database cannot be used.
    """
    settings = config.evidence
    if settings is None:
        return None
    roots = roots_of(settings)

    def camera_name(agent_id: str, camera_id: str) -> str:
        view = devices.camera(agent_id, camera_id)
        return "" if view is None else view.name

    exports = Exports(
        store=store,
        search=search,
        ledger=ExportStore(store, audit, now_ms),
        sealer=open_sealer(settings, roots, Serials(store), now_ms),
        roots=roots,
        keeping=ExportLimits(config.data_dir / FOLDER, settings.max_pictures, keep_ms(settings.keep_hours)),
        camera_name=camera_name,
        cases_in_sight=cases_in_sight,
        retention=retention,
        now_ms=now_ms,
    )
    exports.recover()
    return exports


def open_signing(settings: Evidence | None, now_ms: NowMs) -> Callable[[bytes], bytes] | None:
    """Opens the signing of single files: detached CMS by the key of exports; None if [evidence] is not configured.

    Raises:
        StartError: the key, its certificate or the authority's file cannot be used.
    """
    if settings is None:
        return None
    signer = signer_of(settings, now_ms)
    return lambda content: cms.sign(content, signer, at=datetime.fromtimestamp(now_ms() / 1000, UTC))


def signer_of(settings: Evidence, now_ms: NowMs) -> Signer:
    """Loads the key of exports with its certificate.

    Raises:
        StartError: they, or the authority's file, cannot be used.
    """
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    return Signer.load(settings.signing_cert_file, settings.signing_key_file, roots_of(settings), EVIDENCE, now=now)


def roots_of(settings: Evidence) -> Roots:
    """Loads the authority by which certificates are trusted.

    Raises:
        StartError: its file cannot be used.
    """
    try:
        return Roots.load(settings.ca_file)
    except RootsError as error:
        raise StartError(
            what=f"[evidence]: ca_file {error}", what_to_do="Copy services.crt from provisioning's authority/ folder"
        ) from error


def open_sealer(settings: Evidence, roots: Roots, serials: Serials, now_ms: NowMs) -> Sealer:
    """Loads both keys, ready to sign.

    Raises:
        StartError: a key or the font cannot be used.
    """
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    stamping = Signer.load(settings.stamp_cert_file, settings.stamp_key_file, roots, STAMPS, now=now)
    return Sealer(
        signer=Signer.load(settings.signing_cert_file, settings.signing_key_file, roots, EVIDENCE, now=now),
        stamps=StampAuthority(stamping, policy=settings.stamp_policy, next_serial=serials.next),
        policy=settings.stamp_policy,
        accuracy_ms=settings.clock_accuracy_ms,
        clock_source=settings.clock_source,
        clock_state=clock_state,
        root_sha256=roots.fingerprint(),
        font=load_font(settings.font_file),
    )
