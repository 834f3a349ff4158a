"""Manages accounts and what each may do, and makes sure that an administrator always remains.

Every change appends to the audit first: with the audit's lock it holds off any other change, so that two administrators
who demote one another at the same moment cannot both succeed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from center.access.districts import DistrictRecord, GrantRecord, grants_of
from center.access.errors import LastAdministratorError, UnknownDistrictError, UserTakenError
from center.access.passwords import Passwords, checked, checked_username, known_form
from center.access.permissions import Access, Role, keeps_an_administrator
from center.access.second_factor import SecondFactorRecord, SecondFactors
from center.access.tokens import Token
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import LoginSession, Store, User
from center.errors import UnknownUserError


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A grant as it is requested: a role, everywhere or in one district, for any purpose or in one case."""

    role: Role
    district_id: str | None = None
    case_id: str | None = None

    def __str__(self) -> str:
        """Writes the grant as the audit and the command line do: `analyst@north#case-7`."""
        district = f"@{self.district_id}" if self.district_id else ""
        return f"{self.role}{district}{f'#{self.case_id}' if self.case_id else ''}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as API and console show it."""

    user_id: int
    username: str
    disabled: bool
    second_factor: bool
    tokens: int
    """Number of tokens that are neither revoked nor expired."""
    created_at_ms: int
    access: Access

    @property
    def given(self) -> tuple[GrantRequest, ...]:
        """The grants in the form in which they are requested."""
        return tuple(
            GrantRequest(grant.role, grant.district.district_id if grant.district else None, grant.case_id)
            for grant in self.access.grants
        )


class Users:
    """Manages all accounts. Blocks: call it from a worker thread. `actor` is the user that the audit names.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(
        self, store: Store, audit: Audit, *, passwords: Passwords, second_factors: SecondFactors, now_ms: NowMs
    ) -> None:
        self._store = store
        self._audit = audit
        self._passwords = passwords
        self._second_factors = second_factors
        self._now_ms = now_ms

    def all(self) -> tuple[Account, ...]:
        """Lists the accounts by name."""
        with self._store.transaction() as session:
            return tuple(self._account(session, user) for user in session.scalars(select(User).order_by(User.username)))

    def get(self, username: str) -> Account:
        """Reads one account.

        Raises:
            UnknownUserError: no account has this name.
        """
        with self._store.transaction() as session:
            return self._account(session, _existing(session, username))

    def add(self, username: str, password: str | None, given: Sequence[GrantRequest], *, actor: str) -> Account:
        """Makes an account. Without a password only an identity provider can open it.

        Raises:
            BadUsernameError, WeakPasswordError: against the policy.
            UserTakenError: an account has this name.
            UnknownDistrictError: a grant names an unknown district.
        """
        name = checked_username(username) if password is None else checked(username, password)
        password_hash = "" if password is None else self._passwords.hash(password)
        with self._store.transaction() as session:
            self._audit.add(session, actor, "user.add", {"user": name, "grants": list(map(str, given))})
            if session.scalar(select(User.id).where(User.username == name)) is not None:
                raise UserTakenError(username=name)
            now_ms = self._now_ms()
            user = User(
                username=name,
                password_hash=password_hash,
                created_at_ms=now_ms,
                disabled=False,
                password_set_at_ms=now_ms if password_hash else 0,
            )
            session.add(user)
            session.flush()
            _give(session, user, given)
            return self._account(session, user)

    def set_grants(self, username: str, given: Iterable[GrantRequest], *, actor: str) -> Account:
        """Replaces the grants of an account.

        Raises:
            UnknownUserError, UnknownDistrictError: no such account or district.
            LastAdministratorError: no administrator would be left.
        """
        wanted = tuple(given)
        with self._store.transaction() as session:
            name = known_form(username) or ""
            self._audit.add(session, actor, "user.grants", {"user": name, "grants": list(map(str, wanted))})
            user = _existing(session, username)
            session.execute(delete(GrantRecord).where(GrantRecord.user_id == user.id))
            _give(session, user, wanted)
            _check_administrator(session, user)
            return self._account(session, user)

    def set_disabled(self, username: str, *, disabled: bool, actor: str) -> Account:
        """Disables or enables an account. Its sessions end, and its tokens are refused while it is disabled.

        Raises:
            UnknownUserError: no account has this name.
            LastAdministratorError: no administrator would be left.
        """
        with self._store.transaction() as session:
            action = "user.disable" if disabled else "user.enable"
            self._audit.add(session, actor, action, {"user": known_form(username) or ""})
            user = _existing(session, username)
            user.disabled = disabled
            session.flush()
            if disabled:
                session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
                _check_administrator(session, user)
            return self._account(session, user)

    def remove_second_factor(self, username: str, *, actor: str) -> None:
        """Removes the second factor of an account whose owner has lost it.

        Raises:
            UnknownUserError: no account has this name.
        """
        account = self.get(username)
        self._second_factors.remove(account.user_id, account.username, actor=actor)

    def _account(self, session: Session, user: User) -> Account:
        records = session.scalars(select(GrantRecord).where(GrantRecord.user_id == user.id).order_by(GrantRecord.id))
        factor = session.get(SecondFactorRecord, user.id)
        tokens = session.scalar(
            select(func.count(Token.token_id)).where(
                Token.user_id == user.id, Token.revoked_at_ms.is_(None), Token.expires_at_ms > self._now_ms()
            )
        )
        return Account(
            user_id=user.id,
            username=user.username,
            disabled=user.disabled,
            second_factor=factor is not None and factor.confirmed,
            tokens=tokens or 0,
            created_at_ms=user.created_at_ms,
            access=Access(grants_of(session, records.all())),
        )


def _existing(session: Session, username: str) -> User:
    name = known_form(username)
    user = session.scalar(select(User).where(User.username == name)) if name is not None else None
    if user is None:
        raise UnknownUserError(username=username[:64])
    return user


def _give(session: Session, user: User, given: Sequence[GrantRequest]) -> None:
    for each in dict.fromkeys(given):
        if each.district_id is not None and session.get(DistrictRecord, each.district_id) is None:
            raise UnknownDistrictError(district_id=each.district_id)
        session.add(GrantRecord(user_id=user.id, role=each.role, district_id=each.district_id, case_id=each.case_id))
    session.flush()


def _check_administrator(session: Session, changed: User) -> None:
    """Refuses a change after which no account that can log in is an administrator."""
    records = session.scalars(
        select(GrantRecord).join(User, User.id == GrantRecord.user_id).where(User.disabled.is_(False))
    )
    if not keeps_an_administrator(grants_of(session, records.all())):
        raise LastAdministratorError(username=changed.username)
