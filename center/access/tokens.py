"""API tokens, which programs send in place of a session. Shown once; only a hash is stored.

A token may do what its scopes name and its account may, whichever is less, at the moment it is used.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.access.districts import access_of
from center.access.errors import BadScopeError, TokenTooLongError, TooManyTokensError, UnknownTokenError
from center.access.permissions import TOKEN_SCOPES, Access, Identity, Permission
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Base, Store, User
from center.errors import NotLoggedInError

DEFAULT_DAYS: Final = 30
MAX_DAYS: Final = 90
"""Days that a token lives at most, by default: no longer than an agent's certificate, for it is a key without an owner
present."""
MAX_PER_USER: Final = 50
USED_EVERY_MS: Final = 60_000
"""Resolution of `used_at_ms`: a program that asks ten times a second must not write as often."""
_TOKEN: Final = re.compile(r"wayside_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
"""A prefix of our own, so that scanners of source code find one that was committed by mistake."""


class Token(Base):
    """A token without its secret: that has 256 random bits, so a plain hash is enough."""

    __tablename__ = "tokens"

    token_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(Text)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
    revoked_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    used_at_ms: Mapped[int | None] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token as its owner sees it."""

    token_id: str
    name: str
    scopes: tuple[Permission, ...]
    created_at_ms: int
    expires_at_ms: int
    revoked_at_ms: int | None
    used_at_ms: int | None


class Tokens:
    """Manages all API tokens. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; no token is accepted then.
    """

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs, *, max_days: int = MAX_DAYS) -> None:
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self.max_days: Final = max_days
        self.default_days: Final = min(DEFAULT_DAYS, max_days)

    def create(
        self,
        user_id: int,
        access: Access,
        *,
        name: str,
        scopes: Collection[Permission],
        days: int | None = None,
        actor: str,
    ) -> tuple[ShownToken, str]:
        """Makes a token of an account. Returns it and its text, which is stored nowhere.

        The caller has checked by `Auth.prove` that the account's owner asks for it: a token outlasts the session.

        Raises:
            BadScopeError: no scope, one that the account does not have, or one that no token may have.
            TokenTooLongError: it would live longer than a token of this centre may.
            TooManyTokensError: the account has enough.
        """
        bad = [scope for scope in scopes if scope not in TOKEN_SCOPES or not access.permits(scope)]
        if bad or not scopes:
            raise BadScopeError(scope=min(bad, default="-"))
        days = self.default_days if days is None else days
        if days > self.max_days:
            raise TokenTooLongError(limit=self.max_days)
        now_ms = self._now_ms()
        token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        token = Token(
            token_id=token_id,
            user_id=user_id,
            name=name,
            secret_sha256=_digest(secret),
            scopes=json.dumps(sorted(set(scopes))),
            created_at_ms=now_ms,
            expires_at_ms=now_ms + days * 86_400_000,
            revoked_at_ms=None,
            used_at_ms=None,
        )
        with self._store.transaction() as session:
            about = {"token_id": token_id, "name": name, "scopes": sorted(set(scopes)), "days": days}
            self._audit.add(session, actor, "token.create", about)
            mine = select(func.count(Token.token_id)).where(Token.user_id == user_id, Token.revoked_at_ms.is_(None))
            if (session.scalar(mine.where(Token.expires_at_ms > now_ms)) or 0) >= MAX_PER_USER:
                raise TooManyTokensError(limit=MAX_PER_USER)
            session.add(token)
            shown = _shown(token)
        return shown, f"wayside_{token_id}_{secret}"

    def of(self, user_id: int) -> tuple[ShownToken, ...]:
        """Lists the tokens of an account, newest first; revoked and expired ones too."""
        with self._store.transaction() as session:
            wanted = select(Token).where(Token.user_id == user_id).order_by(Token.created_at_ms.desc(), Token.token_id)
            return tuple(map(_shown, session.scalars(wanted)))

    def revoke(self, user_id: int, token_id: str, *, actor: str) -> None:
        """Ends a token of an account at once; ending it twice is no error.

        Raises:
            UnknownTokenError: the account has no token of this id.
        """
        with self._store.transaction() as session:
            self._audit.add(session, actor, "token.revoke", {"token_id": token_id})
            token = session.get(Token, token_id)
            if token is None or token.user_id != user_id:
                raise UnknownTokenError(token_id=token_id)
            if token.revoked_at_ms is None:
                token.revoked_at_ms = self._now_ms()

    def identify(self, text: str) -> Identity:
        """Finds the account that a token belongs to, and what the token may do.

        Raises:
            NotLoggedInError: forged, expired, revoked, or its account is disabled.
        """
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise NotLoggedInError
        token_id, secret = match.groups()
        now_ms = self._now_ms()
        with self._store.transaction() as session:
            row = session.execute(
                select(Token, User.username)
                .join(User, User.id == Token.user_id)
                .where(
                    Token.token_id == token_id,
                    Token.revoked_at_ms.is_(None),
                    Token.expires_at_ms > now_ms,
                    User.disabled.is_(False),
                )
            ).one_or_none()
            if row is None or not secrets.compare_digest(row.Token.secret_sha256, _digest(secret)):
                raise NotLoggedInError
            token: Token = row.Token
            access = access_of(session, token.user_id, token_scopes=frozenset(_scopes(token)))
            if token.used_at_ms is None or now_ms - token.used_at_ms >= USED_EVERY_MS:
                session.execute(
                    update(Token)
                    .where(Token.token_id == token_id)
                    .values(used_at_ms=now_ms)
                    .execution_options(synchronize_session=False)
                )
            return Identity(token.user_id, row.username, token.expires_at_ms, access, token_id)


def end_all(session: Session, audit: Audit, user_id: int, *, actor: str, username: str, now_ms: int) -> None:
    """Ends all tokens of an account, in a transaction that changes its credentials; the audit has their number."""
    ended = session.execute(
        update(Token)
        .where(Token.user_id == user_id, Token.revoked_at_ms.is_(None), Token.expires_at_ms > now_ms)
        .values(revoked_at_ms=now_ms)
        .returning(Token.token_id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        audit.add(session, actor, "token.revoke_all", {"user": username, "count": len(ended)})


def _scopes(token: Token) -> tuple[Permission, ...]:
    """Returns the scopes of a token without those that this version does not know."""
    known = set(Permission)
    return tuple(Permission(scope) for scope in json.loads(token.scopes) if scope in known)


def _shown(token: Token) -> ShownToken:
    return ShownToken(
        token.token_id,
        token.name,
        _scopes(token),
        token.created_at_ms,
        token.expires_at_ms,
        token.revoked_at_ms,
        token.used_at_ms,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
