"""Finds unused accounts, those with one factor or an old password, and sessions and tokens that end too late."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.districts import access_of
from center.access.permissions import Permission
from center.access.second_factor import SecondFactorRecord
from center.access.tokens import Token
from center.database.store import AuditEntry, LoginSession, User
from center.self_check.findings import Finding, Weakness
from provisioning.contracts.config.self_check import SelfCheck

DAY_MS = 86_400_000
_SLACK_MS = 60_000


def check_accounts(session: Session, limits: SelfCheck, now_ms: int) -> Iterator[Finding]:
    """Judges every account that is not disabled."""
    since_ms = now_ms - limits.dormant_days * DAY_MS
    logged_in = set(
        session.scalars(
            select(AuditEntry.actor).where(AuditEntry.at_ms >= since_ms, AuditEntry.action == "login").distinct()
        )
    )
    by_token = set(session.scalars(select(Token.user_id).where(Token.used_at_ms >= since_ms)))
    with_factor = set(session.scalars(select(SecondFactorRecord.user_id).where(SecondFactorRecord.confirmed.is_(True))))
    for user in session.scalars(select(User).where(User.disabled.is_(False)).order_by(User.username)):
        name = user.username
        if user.created_at_ms < since_ms and name not in logged_in and user.id not in by_token:
            yield Finding(Weakness.DORMANT_ACCOUNT, name, {"name": name, "days": limits.dormant_days})
        if not user.password_hash:
            continue  # an identity provider asks for its password, and for its second factor
        if user.id not in with_factor:
            may_edit = access_of(session, user.id).permits(Permission.USER_EDIT)
            yield Finding(Weakness.NO_SECOND_FACTOR, name, {}, is_worse=may_edit)
        age_days = (now_ms - user.password_set_at_ms) // DAY_MS
        if age_days > limits.password_days:
            yield Finding(Weakness.OLD_PASSWORD, name, {"days": age_days})


def check_sessions(session: Session, *, session_hours: float, token_max_days: int, now_ms: int) -> Iterator[Finding]:
    """Judges sessions and tokens that are valid now by the limits that the configuration has now."""
    longest_ms = now_ms + int(session_hours * 3_600_000) + _SLACK_MS
    beyond = (
        select(User.username)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(LoginSession.expires_at_ms > longest_ms, User.disabled.is_(False))
        .distinct()
    )
    for name in session.scalars(beyond.order_by(User.username)):
        yield Finding(Weakness.ENDLESS_SESSION, name, {"name": name})
    latest_ms = now_ms + token_max_days * DAY_MS + _SLACK_MS
    tokens = (
        select(User.username, Token.token_id)
        .join(Token, Token.user_id == User.id)
        .where(Token.expires_at_ms > latest_ms, Token.revoked_at_ms.is_(None), User.disabled.is_(False))
    )
    for name, token_id in session.execute(tokens.order_by(User.username, Token.token_id)):
        yield Finding(Weakness.ENDLESS_TOKEN, name, {"name": name, "token": token_id})
