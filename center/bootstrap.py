"""Opens the database of a centre and the services that need only the database: enough for the commands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from center.access.districts import Districts
from center.access.passwords import Passwords
from center.access.second_factor import KEY, SecondFactors
from center.access.sessions import Auth
from center.access.tokens import MAX_DAYS, Tokens
from center.access.users import Users
from center.audit.log import Audit
from center.audit.retention import AuditKeeper
from center.clock import NowMs, now_ms
from center.database.location import data_dir_of, database_of
from center.database.store import Store
from center.errors import StartError
from center.notify.service import Notifier
from center.retention import ReadClocks, Retention, machine_clocks
from provisioning.contracts.config.processes import CenterConfig
from provisioning.signing.documents import SealError, SealKey

SETUP_CODE: Final = "setup-code"


def _audit_key_of(config: CenterConfig) -> SealKey | None:
    """Reads the key that signs the audit's heads, None where none is set.

    Raises:
        StartError: the file holds no key.
    """
    if config.audit_key_file is None:
        return None
    try:
        return SealKey.load(config.audit_key_file)
    except SealError as error:
        raise StartError(
            what=f"audit_key_file cannot be used ({error})",
            what_to_do="Make one with: wayside-center audit new-key FILE, or correct audit_key_file",
        ) from error


@dataclass(frozen=True, slots=True)
class Records:
    """The database and the services that need only the database: enough for the commands."""

    store: Store
    audit: Audit
    audit_keeper: AuditKeeper
    retention: Retention
    auth: Auth
    users: Users
    tokens: Tokens
    districts: Districts
    second_factors: SecondFactors


def open_records(config: CenterConfig, clock: NowMs = now_ms) -> Records:
    """Opens and migrates the database.

    Raises:
        ConfigError: a secret's file cannot be used.
        StartError, StoreUnavailableError: the folder, the audit's key or the database cannot be used.
    """
    data_dir = data_dir_of(config)
    key = _audit_key_of(config)
    store = Store(database_of(config))
    store.migrate()
    return records_of(
        store,
        data_dir=data_dir,
        audit_key=key,
        audit_keep_days=config.audit_keep_days,
        session_hours=config.session_hours,
        token_max_days=config.token_max_days,
        passwords=Passwords(),
        clock=clock,
    )


def records_of(
    store: Store,
    *,
    data_dir: Path,
    audit_key: SealKey | None,
    audit_keep_days: int,
    session_hours: float,
    token_max_days: int = MAX_DAYS,
    passwords: Passwords,
    clock: NowMs,
    clocks: ReadClocks | None = None,
) -> Records:
    """Makes the services over one database. `clocks`: by default this machine's boot clock beside `clock`."""
    audit = Audit(store, clock)
    retention = Retention(data_dir, clocks or machine_clocks(clock), newest_ms=audit.newest_at_ms)
    second_factors = SecondFactors(store, audit, data_dir / KEY, clock)
    return Records(
        store=store,
        audit=audit,
        audit_keeper=AuditKeeper(
            store, audit, key=audit_key, keep_days=audit_keep_days, retention=retention, now_ms=clock
        ),
        retention=retention,
        auth=Auth(
            store,
            audit,
            setup_code_file=data_dir / SETUP_CODE,
            session_hours=session_hours,
            now_ms=clock,
            passwords=passwords,
            second_factors=second_factors,
        ),
        users=Users(store, audit, passwords=passwords, second_factors=second_factors, now_ms=clock),
        tokens=Tokens(store, audit, clock, max_days=token_max_days),
        districts=Districts(store, audit),
        second_factors=second_factors,
    )


def open_notifier(config: CenterConfig) -> tuple[Store, Notifier]:
    """Opens database and notifications alone.

    Raises:
        ConfigError, StartError, StoreUnavailableError: a file, the folder or its database cannot be used.
    """
    opened = open_records(config)
    notifier = Notifier(
        config.notify,
        opened.store,
        opened.audit,
        data_dir=config.data_dir,
        retention=opened.retention,
        now_ms=now_ms,
    )
    return opened.store, notifier
