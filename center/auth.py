"""Local accounts: the one-time set-up, logging in and out, and who a session belongs to.

Every method blocks (Argon2 takes some 50 ms and 64 MiB, the store a disk access): call them from a worker thread.
"""

import hashlib
import os
import re
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select

from center.audit import Audit
from center.clock import NowMs
from center.errors import (
    BadCredentialsError,
    BadUsernameError,
    NotLoggedInError,
    SetupDoneError,
    StartError,
    UnknownUserError,
    WeakPasswordError,
    WrongSetupCodeError,
)
from center.roster import ACTOR
from center.store import LoginSession, Store, User
from center.throttle import Throttle

MIN_PASSWORD = 12
MAX_PASSWORD = 256
"""Argon2 reads the whole password: an endless one would be work for free."""
MAX_SESSIONS_PER_USER = 20
PARALLEL_HASHES = 2
"""Bounds the memory that a burst of log-ins can take: 64 MiB each."""
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking."""

    user_id: int
    username: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """A fresh session. `token` goes into the cookie and is kept nowhere else."""

    identity: Identity
    token: str


class Auth:
    """Accounts of one centre.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nobody gets in then.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        *,
        setup_code_file: Path,
        session_hours: float,
        now_ms: NowMs,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._setup_code_file = setup_code_file
        self._session_ms = int(session_hours * 3_600_000)
        self._now_ms = now_ms
        self._hasher = hasher or PasswordHasher()
        # A hash of nothing anybody knows: an unknown user costs as much time as a wrong password.
        self._nobody_hash = self._hasher.hash(secrets.token_urlsafe())
        self._hashing = threading.BoundedSemaphore(PARALLEL_HASHES)
        self._setup_lock = threading.Lock()
        self._accounts = Throttle(failures=5, window_s=300, now_ms=now_ms)
        self._sources = Throttle(failures=30, window_s=300, now_ms=now_ms)

    def needs_setup(self) -> bool:
        """Whether there is no account yet."""
        with self._store.transaction() as session:
            return session.scalar(select(func.count(User.id))) == 0

    def prepare_setup(self) -> Path | None:
        """Write the one-time code if there is no account yet, mode 0600, and return where it lies.

        Raises:
            StartError: the file cannot be written.
        """
        if not self.needs_setup():
            self._setup_code_file.unlink(missing_ok=True)
            return None
        if not self._setup_code_file.exists():
            try:
                handle = os.open(self._setup_code_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.write(secrets.token_hex(10) + "\n")
            except OSError as error:
                raise StartError(
                    what=f"the set-up code cannot be written to {self._setup_code_file} ({error.strerror})",
                    what_to_do="Make data_dir writable for the centre's user",
                ) from error
        return self._setup_code_file

    def setup(self, *, code: str, username: str, password: str, source: str) -> Identity:
        """Make the administrator. The code is good once.

        Raises:
            SetupDoneError: an account exists.
            WrongSetupCodeError: not the code of the file.
            BadUsernameError, WeakPasswordError: against the policy; the code stays good.
            LockedOutError: too many wrong codes from `source`.
        """
        key = f"setup {source}"
        self._sources.attempt(key)
        with self._setup_lock:
            if not self.needs_setup():
                raise SetupDoneError
            expected = self._setup_code()
            if not expected or not secrets.compare_digest(code.strip().encode(), expected):
                self._audit.append("-", "setup.refused", {"source": source})
                raise WrongSetupCodeError
            self._sources.withdraw(key)
            username = _checked(username, password)
            user = User(username=username, password_hash=self._hash(password), created_at_ms=self._now_ms())
            with self._store.transaction() as session:
                session.add(user)
                session.flush()
                user_id = user.id
            self._setup_code_file.unlink(missing_ok=True)
        self._audit.append(username, "setup.done", {"source": source})
        return Identity(user_id, username, 0)

    def login(self, *, username: str, password: str, source: str) -> Ticket:
        """Open a session.

        Raises:
            BadCredentialsError: unknown user or wrong password.
            LockedOutError: too many failures for this account or from `source`.
        """
        username = username.strip().lower()
        known_form = _USERNAME.fullmatch(username) is not None
        account_key = username if known_form else "-"
        self._sources.attempt(source)
        self._accounts.attempt(account_key)
        with self._store.transaction() as session:
            user = session.scalar(select(User).where(User.username == username)) if known_form else None
        if not self._verify(self._nobody_hash if user is None else user.password_hash, password) or user is None:
            self._audit.append(account_key, "login.refused", {"source": source})
            raise BadCredentialsError
        self._accounts.clear(account_key)
        self._sources.withdraw(source)
        ticket = self._open_session(user, password)
        self._audit.append(username, "login", {"source": source})
        return ticket

    def identify(self, token: str | None) -> Identity:
        """Whose session a cookie belongs to.

        Raises:
            NotLoggedInError: none, unknown or expired.
        """
        if not token or len(token) > 128:
            raise NotLoggedInError
        with self._store.transaction() as session:
            row = session.execute(
                select(User.id, User.username, LoginSession.expires_at_ms)
                .join(LoginSession, LoginSession.user_id == User.id)
                .where(LoginSession.token_sha256 == _digest(token), LoginSession.expires_at_ms > self._now_ms())
            ).one_or_none()
        if row is None:
            raise NotLoggedInError
        return Identity(row.id, row.username, row.expires_at_ms)

    def logout(self, token: str) -> None:
        """End the session of a cookie; ending none is no error."""
        with self._store.transaction() as session:
            session.execute(delete(LoginSession).where(LoginSession.token_sha256 == _digest(token)))

    def reset_password(self, *, username: str, password: str) -> None:
        """Give an account another password and end all its sessions.

        Raises:
            UnknownUserError: no such account.
            WeakPasswordError: the password is against the policy.
        """
        username = _checked(username, password)
        password_hash = self._hash(password)
        with self._store.transaction() as session:
            user = session.scalar(select(User).where(User.username == username))
            if user is None:
                raise UnknownUserError(username=username)
            user.password_hash = password_hash
            session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
        self._audit.append(username, "password.reset", {})

    def _open_session(self, user: User, password: str) -> Ticket:
        now_ms = self._now_ms()
        token = secrets.token_urlsafe(32)
        identity = Identity(user.id, user.username, now_ms + self._session_ms)
        with self._store.transaction() as session:
            if self._hasher.check_needs_rehash(user.password_hash):
                session.merge(user).password_hash = self._hash(password)
            session.execute(delete(LoginSession).where(LoginSession.expires_at_ms <= now_ms))
            kept = (
                select(LoginSession.token_sha256)
                .where(LoginSession.user_id == user.id)
                .order_by(LoginSession.created_at_ms.desc())
                .limit(MAX_SESSIONS_PER_USER - 1)
            )
            session.execute(
                delete(LoginSession).where(
                    LoginSession.user_id == user.id, LoginSession.token_sha256.not_in(kept.scalar_subquery())
                )
            )
            session.add(
                LoginSession(
                    token_sha256=_digest(token),
                    user_id=user.id,
                    created_at_ms=now_ms,
                    expires_at_ms=identity.expires_at_ms,
                )
            )
        return Ticket(identity, token)

    def _setup_code(self) -> bytes:
        try:
            return self._setup_code_file.read_bytes().strip()
        except OSError as error:
            raise WrongSetupCodeError from error

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(password)

    def _verify(self, password_hash: str, password: str) -> bool:
        if len(password) > MAX_PASSWORD:
            return False
        with self._hashing:
            try:
                return self._hasher.verify(password_hash, password)
            except (VerificationError, InvalidHashError):
                return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _checked(username: str, password: str) -> str:
    name = username.strip().lower()
    if _USERNAME.fullmatch(name) is None or name == ACTOR:  # in the audit it would pass for the signed roster
        raise BadUsernameError
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or name in password.lower():
        raise WeakPasswordError
    return name
