"""Logs users in and out: the one-time set-up, passwords and second factors, and the identity of a session.

Every method blocks (Argon2 takes some 50 ms and 64 MiB, the store a disk access): call them from a worker thread.
"""

import hashlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from center.access.districts import GrantRecord, access_of
from center.access.errors import ProviderRefusedError, SecondFactorNeededError, StaleLoginError
from center.access.login_throttle import Throttle
from center.access.oidc import ProviderIdentity, Subject
from center.access.passwords import Passwords, checked, known_form
from center.access.permissions import Identity, Role
from center.access.second_factor import SecondFactors
from center.access.tokens import end_all
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import LoginSession, Store, User
from center.errors import (
    BadCredentialsError,
    LockedOutError,
    NotLoggedInError,
    SetupDoneError,
    StartError,
    UnknownUserError,
    WrongSetupCodeError,
)
from provisioning.files import durable

MAX_SESSIONS_PER_USER = 20
KNOWN_S = 90 * 86_400
"""Seconds for which an address counts as one that an account logs in from."""
FRESH_MINUTES = 5
"""Minutes for which a log-in by the identity provider stands for the password that its account does not have here."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new session. `token` goes into the cookie and is stored nowhere else."""

    identity: Identity
    token: str


class Auth:
    """Authenticates the accounts of one centre.

    Raises (all methods):
        StoreUnavailableError: the database does not work; no log-in succeeds then.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        *,
        setup_code_file: Path,
        session_hours: float,
        now_ms: NowMs,
        passwords: Passwords,
        second_factors: SecondFactors,
    ) -> None:
        self._store = store
        self._audit = audit
        self._setup_code_file = setup_code_file
        self._session_ms = int(session_hours * 3_600_000)
        self._now_ms = now_ms
        self._passwords = passwords
        self._second_factors = second_factors
        self._setup_lock = threading.Lock()
        self._accounts = Throttle(store, "account", failures=5, window_s=300, now_ms=now_ms)
        self._sources = Throttle(store, "address", failures=30, window_s=300, now_ms=now_ms)
        self._known = Throttle(store, "known", failures=1, window_s=KNOWN_S, now_ms=now_ms)
        """By account and address: an account that logged in from there is not locked out by failures of others."""

    def needs_setup(self) -> bool:
        """True while there is no account yet."""
        with self._store.transaction() as session:
            return session.scalar(select(func.count(User.id))) == 0

    def prepare_setup(self) -> Path | None:
        """Writes the one-time code, mode 0600, if there is no account yet, and returns the file's path.

        Raises:
            StartError: the file cannot be written.
        """
        if not self.needs_setup():
            self._setup_code_file.unlink(missing_ok=True)
            return None
        if not self._setup_code_file.exists():
            try:
                durable.create(self._setup_code_file, f"{secrets.token_hex(10)}\n".encode())
            except OSError as error:
                raise StartError(
                    what=f"the set-up code cannot be written to {self._setup_code_file} ({error.strerror})",
                    what_to_do="Make data_dir writable for the centre's user",
                ) from error
        return self._setup_code_file

    def setup(self, *, code: str, username: str, password: str, source: str) -> Identity:
        """Makes the administrator. The code is good once.

        Raises:
            SetupDoneError: an account exists.
            WrongSetupCodeError: not the code of the file.
            BadUsernameError, WeakPasswordError: against the policy; the code stays good.
            LockedOutError: too many wrong codes from `source`.
        """
        key = f"setup {source}"
        lock_out_s = self._sources.attempt(key)
        with self._setup_lock:
            if not self.needs_setup():
                raise SetupDoneError
            expected = self._setup_code()
            if not expected or not secrets.compare_digest(code.strip().encode(), expected):
                self._audit.append("-", "setup.refused", {"source": source})
                self._audit_lock_outs("-", source, {"setup": lock_out_s})
                raise WrongSetupCodeError
            self._sources.withdraw(key)
            username = checked(username, password)
            now_ms = self._now_ms()
            user = User(
                username=username,
                password_hash=self._passwords.hash(password),
                created_at_ms=now_ms,
                password_set_at_ms=now_ms,
            )
            with self._store.transaction() as session:
                self._audit.add(session, username, "setup.done", {"source": source})
                if session.scalar(select(func.count(User.id))) != 0:
                    raise SetupDoneError  # another process was faster
                session.add(user)
                session.flush()
                session.add(GrantRecord(user_id=user.id, role=Role.ADMINISTRATOR))
                identity = Identity(user.id, username, 0)
            self._setup_code_file.unlink(missing_ok=True)
        return identity

    def login(self, *, username: str, password: str, source: str, code: str = "") -> Ticket:
        """Opens a session. `code` is of the second factor, for an account that has one.

        Raises:
            BadCredentialsError: unknown user, wrong password or code, or a disabled account.
            SecondFactorNeededError: all is right except that a code is missing; no failure is counted then.
            LockedOutError: too many failures for this account, or from a `source` that it never logged in from.
            SecondFactorKeyError: codes cannot be checked.
        """
        user = self._proven(username, password, source=source, code=code)
        ticket = self._open_session(user, password)
        self._audit.append(user.username, "login", {"source": source})
        return ticket

    def login_by_provider(self, claimed: ProviderIdentity, *, source: str) -> Ticket:
        """Opens a session of the account that was made for the provider and that has this subject.

        Raises:
            ProviderRefusedError: no such account; or it has a password, is disabled, or belongs to another subject.
        """
        name = known_form(claimed.username) or "-"
        about = {"source": source, "issuer": claimed.issuer}
        try:
            with self._store.transaction() as session:
                self._audit.add(session, name, "login", about)
                user = _account_of(session, name, claimed)
        except ProviderRefusedError:
            self._audit.append(name, "login.refused", about)
            raise
        return self._open_session(user, "")

    def confirm_password(self, identity: Identity, password: str, *, source: str) -> None:
        """Checks that the user of the session also has the password, before something that outlasts the session.

        Raises:
            BadCredentialsError, LockedOutError: as `login`.
        """
        self._proven(identity.username, password, source=source, code=None)

    def prove(self, identity: Identity, *, password: str, code: str, source: str) -> None:
        """Checks that the user of the session could log in now, second factor included: before a token is made.

        An account of the identity provider has no password here: a log-in of the last minutes stands for it.

        Raises:
            BadCredentialsError, SecondFactorNeededError, LockedOutError, SecondFactorKeyError: as `login`.
            StaleLoginError: it logged in by the provider too long ago.
        """
        with self._store.transaction() as session:
            user = session.get(User, identity.user_id)
            by_provider = user is not None and not user.password_hash
            mine = (LoginSession.user_id == identity.user_id) & (LoginSession.expires_at_ms == identity.expires_at_ms)
            opened_ms = session.scalar(select(func.min(LoginSession.created_at_ms)).where(mine))
        if not by_provider:
            self._proven(identity.username, password, source=source, code=code)
        elif opened_ms is None or self._now_ms() - opened_ms > FRESH_MINUTES * 60_000:
            raise StaleLoginError(minutes=FRESH_MINUTES)

    def _proven(self, username: str, password: str, *, source: str, code: str | None) -> User:
        """Finds the account of a name and password, and of a code unless that is None."""
        name = known_form(username)
        account_key = name or "-"
        known_key = f"{account_key} {source}"
        spared = False
        lock_outs_s = {}
        try:
            lock_outs_s["address"] = self._sources.attempt(source)
        except LockedOutError:
            if not self._known.has(known_key):
                raise
            spared = True
        try:
            lock_outs_s["account"] = self._accounts.attempt(account_key)
        except LockedOutError:
            self._audit_lock_outs(account_key, source, lock_outs_s)  # it counts as a failure of the address
            raise
        with self._store.transaction() as session:
            user = session.scalar(select(User).where(User.username == name)) if name is not None else None
        right = self._passwords.verify(None if user is None else user.password_hash, password)
        if user is None or user.disabled or not right:
            self._refuse(account_key, source, lock_outs_s)
        if code is not None and self._second_factors.has(user.id):
            if not code:
                self._accounts.withdraw(account_key)
                if not spared:
                    self._sources.withdraw(source)
                raise SecondFactorNeededError
            if not self._second_factors.accepts(user.id, user.username, code):
                self._refuse(account_key, source, lock_outs_s)
        self._accounts.clear(account_key)
        if not spared:
            self._sources.withdraw(source)
        self._known.note(known_key)
        return user

    def _refuse(self, account_key: str, source: str, lock_outs_s: Mapping[str, int]) -> NoReturn:
        self._audit.append(account_key, "login.refused", {"source": source})
        self._audit_lock_outs(account_key, source, lock_outs_s)
        raise BadCredentialsError

    def _audit_lock_outs(self, actor: str, source: str, lock_outs_s: Mapping[str, int]) -> None:
        """Writes an entry for each lock-out that a failure began: seconds by what is locked out, 0 for none."""
        for of, seconds in lock_outs_s.items():
            if seconds:
                self._audit.append(actor, "login.locked_out", {"of": of, "source": source, "seconds": seconds})

    def identify(self, token: str | None) -> Identity:
        """Finds the user of a session cookie.

        Raises:
            NotLoggedInError: no cookie, or the session is unknown or expired.
        """
        if not token or len(token) > 128:
            raise NotLoggedInError
        with self._store.transaction() as session:
            row = session.execute(
                select(User.id, User.username, LoginSession.expires_at_ms)
                .join(LoginSession, LoginSession.user_id == User.id)
                .where(
                    LoginSession.token_sha256 == _digest(token),
                    LoginSession.expires_at_ms > self._now_ms(),
                    User.disabled.is_(False),
                )
            ).one_or_none()
            if row is None:
                raise NotLoggedInError
            return Identity(row.id, row.username, row.expires_at_ms, access_of(session, row.id))

    def logout(self, token: str, *, actor: str) -> None:
        """Ends the session of a cookie, with its entry in the audit; an unknown one is no error."""
        ended = delete(LoginSession).where(LoginSession.token_sha256 == _digest(token))
        with self._store.transaction() as session:
            if session.scalar(ended.returning(LoginSession.user_id)) is not None:
                self._audit.add(session, actor, "logout", {})

    def reset_password(
        self, *, username: str, password: str, end_tokens: bool = True, actor: str | None = None
    ) -> None:
        """Sets an account's password and ends all its sessions, and its tokens unless `end_tokens` is false.

        `actor` is the user who does it, if not the account itself.

        Raises:
            UnknownUserError: no such account.
            WeakPasswordError: the password is against the policy.
        """
        username = checked(username, password)
        password_hash = self._passwords.hash(password)
        with self._store.transaction() as session:
            self._audit.add(session, actor or username, "password.reset", {"user": username} if actor else {})
            user = session.scalar(select(User).where(User.username == username))
            if user is None:
                raise UnknownUserError(username=username)
            user.password_hash, user.password_set_at_ms = password_hash, self._now_ms()
            session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
            if end_tokens:
                now_ms, by = self._now_ms(), actor or username
                end_all(session, self._audit, user.id, actor=by, username=username, now_ms=now_ms)

    def _open_session(self, user: User, password: str) -> Ticket:
        now_ms = self._now_ms()
        token = secrets.token_urlsafe(32)
        identity = Identity(user.id, user.username, now_ms + self._session_ms)
        with self._store.transaction() as session:
            if user.password_hash and self._passwords.is_old(user.password_hash):
                session.merge(user).password_hash = self._passwords.hash(password)
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


def _account_of(session: Session, name: str, claimed: ProviderIdentity) -> User:
    """Finds the account of a claim, and binds it to the provider's subject at its first log-in.

    Raises:
        ProviderRefusedError: no such account, or it belongs to another subject.
    """
    user = session.scalar(select(User).where(User.username == name, User.password_hash == "", User.disabled.is_(False)))
    same = select(Subject).where(Subject.issuer == claimed.issuer, Subject.subject == claimed.subject)
    bound = session.scalar(same)
    if user is None or (bound is not None and bound.user_id != user.id):
        raise ProviderRefusedError(cause="no account of this centre was made for it")
    if bound is None:
        if session.get(Subject, user.id) is not None:
            raise ProviderRefusedError(cause="this account belongs to somebody else of that name")
        session.add(Subject(user_id=user.id, issuer=claimed.issuer, subject=claimed.subject))
    return user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
