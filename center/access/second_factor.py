"""The second factor of an account: a time-based one-time code, or one of the recovery codes that were shown once.

Secrets are encrypted (AES-256-GCM) with a key that lies in the data folder and not in the database: a thief
of the database alone makes no codes.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import BigInteger, Boolean, ForeignKey, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.access.errors import SecondFactorKeyError, SecondFactorOnError, WrongCodeError
from center.access.tokens import end_all
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Base, Store
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.files import durable

KEY: Final = "second-factor.key"
RECOVERY_CODES: Final = 10
MAX_CODE: Final = 32
STEP_S: Final = 30
DRIFT: Final = 1
"""Steps that the clock of the user's telephone may be early or late."""
_NONCE_BYTES: Final = 12


class SecondFactorRecord(Base):
    """The encrypted secret of one account. `last_step` is the newest step that was used: a code is good once."""

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str] = mapped_column(String(128))
    confirmed: Mapped[bool] = mapped_column(Boolean)
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """A recovery code that was not used yet. It has 80 random bits, so a plain hash is enough."""

    __tablename__ = "recovery_codes"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The secret and the address for an authenticator app; shown once."""

    secret: str
    address: str


class SecondFactors:
    """Manages the second factors of all accounts. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
        SecondFactorKeyError: the key's file cannot be read or made, or is not the one that secrets were encrypted with.
    """

    def __init__(self, store: Store, audit: Audit, key_file: Path, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._key_file = key_file
        self._now_ms = now_ms

    def has(self, user_id: int) -> bool:
        """True if the account has a confirmed second factor."""
        with self._store.transaction() as session:
            return _confirmed(session, user_id) is not None

    def begin(self, user_id: int, username: str) -> Enrolment:
        """Makes a secret; it counts once a code of it was given to `confirm`.

        Raises:
            SecondFactorOnError: the account has a second factor.
        """
        secret = secrets.token_bytes(20)
        record = SecondFactorRecord(
            user_id=user_id, secret=self._encrypt(user_id, secret), confirmed=False, last_step=0
        )
        with self._store.transaction() as session:
            if _confirmed(session, user_id) is not None:
                raise SecondFactorOnError
            session.merge(record)
        return Enrolment(_base32(secret), _totp(secret).get_provisioning_uri(username, "Wayside"))

    def confirm(self, user_id: int, username: str, code: str, *, end_tokens: bool = True) -> tuple[str, ...]:
        """Switches it on; ends the account's tokens if `end_tokens` is true. Returns the recovery codes, shown once.

        Raises:
            WrongCodeError: not a code of the secret that was made, or none was.
            SecondFactorOnError: it is on already.
        """
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        with self._store.transaction() as session:
            self._audit.add(session, username, "second_factor.on", {})
            record = session.get(SecondFactorRecord, user_id)
            if record is not None and record.confirmed:
                raise SecondFactorOnError
            if record is None or not self._use(session, record, code):
                raise WrongCodeError
            record.confirmed = True
            session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
            session.execute(
                insert(RecoveryCode), [{"code_sha256": _digest(each), "user_id": user_id} for each in codes]
            )
            if end_tokens:
                now_ms = self._now_ms()
                end_all(session, self._audit, user_id, actor=username, username=username, now_ms=now_ms)
        return codes

    def accepts(self, user_id: int, username: str, code: str) -> bool:
        """True if this is a current code or a recovery code; either is used up by it."""
        with self._store.transaction() as session:
            record = _confirmed(session, user_id)
            if record is None or len(code) > MAX_CODE:
                return False
            if self._use(session, record, code):
                return True
            used = session.execute(
                delete(RecoveryCode)
                .where(RecoveryCode.user_id == user_id, RecoveryCode.code_sha256 == _digest(code))
                .returning(RecoveryCode.user_id)
            ).all()
            if used:
                left = session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id))
                self._audit.add(session, username, "second_factor.recovery_code", {"left": left})
            return bool(used)

    def remove(self, user_id: int, username: str, *, actor: str) -> None:
        """Switches the second factor off; does nothing where the account has none."""
        with self._store.transaction() as session:
            self._audit.add(session, actor, "second_factor.off", {"user": username})
            session.execute(delete(SecondFactorRecord).where(SecondFactorRecord.user_id == user_id))
            session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))

    def _use(self, session: Session, record: SecondFactorRecord, code: str) -> bool:
        """True if it is a current code that was not used before; of two requests with it at once, one succeeds."""
        if len(code) > MAX_CODE or not code.isascii():
            return False
        step = matching_step(self._decrypt(record), code.strip(), now_ms=self._now_ms())
        if step is None:
            return False
        took = session.execute(
            update(SecondFactorRecord)
            .where(SecondFactorRecord.user_id == record.user_id, SecondFactorRecord.last_step < step)
            .values(last_step=step)
            .returning(SecondFactorRecord.user_id)
            .execution_options(synchronize_session=False)
        ).all()
        return bool(took)

    def _encrypt(self, user_id: int, secret: bytes) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (nonce + self._key().encrypt(nonce, secret, _purpose(user_id))).hex()

    def _decrypt(self, record: SecondFactorRecord) -> bytes:
        sealed = bytes.fromhex(record.secret)
        try:
            return self._key().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _purpose(record.user_id))
        except InvalidTag as error:
            raise SecondFactorKeyError(cause=f"{self._key_file} does not belong to this database") from error

    def _key(self) -> AESGCM:
        """The encryption key, made at first need."""
        try:
            if not self._key_file.exists():
                durable.create(self._key_file, f"{secrets.token_hex(32)}\n".encode())
            return AESGCM(bytes.fromhex(read_secret(self._key_file)))
        except (OSError, ConfigError, ValueError) as error:
            raise SecondFactorKeyError(cause=error) from error


def matching_step(secret: bytes, given: str, *, now_ms: int) -> int | None:
    """Finds the step of a current code, None if it is none. The caller stores the step: a code is good once."""
    now = now_ms // 1000 // STEP_S
    codes = {step: _totp(secret).generate(step * STEP_S) for step in range(max(0, now - DRIFT), now + DRIFT + 1)}
    steps = [step for step, code in codes.items() if constant_time.bytes_eq(code, given.encode())]
    return max(steps, default=None)


def _totp(secret: bytes) -> TOTP:
    """RFC 6238 with its defaults, which every app speaks."""
    return TOTP(secret, 6, SHA1(), STEP_S)  # noqa: S303


def _base32(secret: bytes) -> str:
    """Writes a secret of a multiple of five bytes as users type it."""
    return base64.b32encode(secret).decode("ascii")


def _confirmed(session: Session, user_id: int) -> SecondFactorRecord | None:
    record = session.get(SecondFactorRecord, user_id)
    return record if record is not None and record.confirmed else None


def _recovery_code() -> str:
    text = _base32(secrets.token_bytes(10)).lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(code: str) -> str:
    plain = code.strip().lower().replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode()).hexdigest()


def _purpose(user_id: int) -> bytes:
    return f"wayside second factor 1\0{user_id}".encode()
