"""Finds missed upkeep: retention that waits, an audit that is not verified or signed, backups that are old."""

import json
from collections.abc import Iterator
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from center.audit.log import VERIFIED
from center.database.store import AuditEntry
from center.retention import Retention
from center.self_check.findings import Finding, Weakness
from provisioning.contracts.config.processes import CenterConfig

BACKED_UP: Final = "backup.made"
"""Action of the entry that a backup writes into the audit."""
DAY_MS: Final = 86_400_000


def check_upkeep(session: Session, retention: Retention, config: CenterConfig, now_ms: int) -> Iterator[Finding]:
    """Judges retention, audit and backups. A centre younger than a limit has not missed it yet."""
    limits = config.self_check
    if (stopped := retention.fault()) is not None:
        yield Finding(Weakness.RETENTION_STOPPED, "retention", dict(stopped.facts))
    if config.audit_key_file is None:
        yield Finding(Weakness.AUDIT_UNSIGNED, "audit_key_file", {})
    first_ms = session.scalar(select(AuditEntry.at_ms).order_by(AuditEntry.id).limit(1)) or now_ms
    verified = _newest(session, AuditEntry.action == VERIFIED, now_ms - limits.verified_days * DAY_MS)
    if verified is None:
        if now_ms - first_ms > limits.verified_days * DAY_MS:
            yield Finding(Weakness.AUDIT_UNVERIFIED, "audit", {"days": limits.verified_days})
    elif not json.loads(verified)["intact"]:
        yield Finding(Weakness.AUDIT_BROKEN, "audit", {})
    since_ms = now_ms - limits.backup_days * DAY_MS
    if first_ms < since_ms and _newest(session, AuditEntry.action == BACKED_UP, since_ms) is None:
        yield Finding(Weakness.BACKUP_OLD, "data_dir", {"days": limits.backup_days})


def _newest(session: Session, condition: ColumnElement[bool], since_ms: int) -> str | None:
    """Returns the detail of the newest entry of a time; its start is given since only times have an index."""
    wanted = select(AuditEntry.detail).where(AuditEntry.at_ms >= since_ms, condition)
    return session.scalar(wanted.order_by(AuditEntry.id.desc()).limit(1))
