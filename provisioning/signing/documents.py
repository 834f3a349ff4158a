"""Signs documents that agents obey, and encrypts camera passwords that a single agent can read.

Documents are signed with Ed25519 (RFC 8032) over a context string and the very text that travels. Passwords are
encrypted by HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM) to one agent's key, bound to that agent and one camera: a
ciphertext moved to another camera's place does not open.
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.errors import ConfigError, ContractError, RejectReason
from provisioning.contracts.fleet.commands import LIFE_MS, SealedCommand, TaskCommand
from provisioning.contracts.fleet.documents import TASKS, Document, Power, Sealed, Warrant
from provisioning.contracts.fleet.enrolment import Bundle, SealedBundle
from provisioning.contracts.fleet.uploads import MAX_PERMIT_CHARS, SealedPermit, UploadPermit
from provisioning.contracts.wire import codec
from provisioning.files import durable

_DOCUMENT: Final = b"wayside document 1\0"
_BUNDLE: Final = b"wayside bundle 1\0"
_AUDIT_HEAD: Final = b"wayside audit head 1\0"
_COMMAND: Final = b"wayside task command 1\0"
_TRAINING: Final = b"wayside training sheet 1\0"
_PERMIT: Final = b"wayside upload permit 1\0"
"""Different contexts: a signature over one can never pass for one over the other."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class SealError(ValueError):
    """A document, bundle or secret is not what it must be. The text says why, and never holds a secret."""


class ForgedError(SealError):
    """The signature is not by the trusted key."""


class WrongAddresseeError(SealError):
    """The document is meant for another addressee."""


class OutdatedError(SealError):
    """The document is not newer than an earlier one.

    Attributes:
        number: of the document.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class ExpiredError(SealError):
    """A command, or its key's warrant, is not valid any more, or not yet.

    Attributes:
        number: of the command.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True, slots=True)
class OpenedCommand:
    """A command of the centre, verified, with what its warrant says. The caller checks the powers."""

    command: TaskCommand
    warrant: int
    """Number of the warrant."""
    may: frozenset[Power]


class LapsedError(SealError):
    """A permit, or its key's warrant, is not valid any more, or not yet."""


class Seal:
    """Public half of the seal: verifies."""

    def __init__(self, key: str) -> None:
        """`key` is the raw Ed25519 public key in hex.

        Raises:
            SealError: no such key.
        """
        try:
            self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        except ValueError as error:
            raise SealError("the seal's public key is not 32 bytes in hex") from error
        self.key = key

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a public key file.

        Raises:
            SealError: missing, or no key.
        """
        try:
            return cls(path.read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise SealError(f"{path}: the seal's public key cannot be read ({error}); enrol again") from error

    def open(self, payload: bytes, *, addressee: str, newer_than: int) -> Document:
        """Verifies and reads a sealed document.

        Raises:
            ForgedError, WrongAddresseeError, OutdatedError: see there; checked in this order.
            ContractError: not a sealed document, or the signed text is none that this version reads.
        """
        sealed = codec.decode(Sealed, payload)
        self._verify(_DOCUMENT, sealed.document, sealed.signature, "document")
        document = codec.decode(Document, sealed.document.encode())
        if document.addressee != addressee:
            raise WrongAddresseeError(
                f"document {document.number} is meant for {document.addressee!r} and not for {addressee!r}"
            )
        if document.number <= newer_than:
            raise OutdatedError(
                f"document {document.number} is not newer than {newer_than}, seen before: it is old or replayed",
                document.number,
            )
        return document

    def open_command(
        self, payload: bytes, *, agent_id: str, newer_than: int, warrant_from: int, now_ms: int
    ) -> OpenedCommand:
        """Verifies and reads a command of the centre, by a key that this seal's warrant names.

        `warrant_from`: warrants of a lower number are invalid.

        Raises:
            ForgedError, WrongAddresseeError, ExpiredError, OutdatedError: see there; checked in this order.
            ContractError: not a command, or one that this version does not know.
        """
        sealed = codec.decode(SealedCommand, payload)
        warrant = self.open(codec.encode(sealed.warrant), addressee=TASKS, newer_than=warrant_from - 1)
        if not isinstance(warrant.body, Warrant):
            raise ForgedError(f"document {warrant.number} is a {warrant.body.kind} and no warrant")
        Seal(warrant.body.key)._verify(_COMMAND, sealed.command, sealed.signature, "command")  # noqa: SLF001 - same class
        command = codec.decode(TaskCommand, sealed.command.encode())
        if command.agent_id != agent_id:
            raise WrongAddresseeError(f"command {command.number} is meant for {command.agent_id!r}, not {agent_id!r}")
        if now_ms >= warrant.body.ends_at_ms:
            raise ExpiredError(
                f"command {command.number}: the warrant of the centre's key has ended: have provisioning sign another",
                command.number,
            )
        if not command.issued_at_ms - LIFE_MS <= now_ms < command.expires_at_ms:
            raise ExpiredError(
                f"command {command.number} counts from {command.issued_at_ms} to {command.expires_at_ms} ms, and this"
                f" clock says {now_ms}: give it again, and compare the clocks of centre and agent",
                command.number,
            )
        if command.number <= newer_than:
            raise OutdatedError(f"command {command.number} is not newer than {newer_than}, seen before", command.number)
        return OpenedCommand(command, warrant.number, frozenset(warrant.body.may))

    def check_audit_head(self, text: str, signature: str) -> None:
        """Check a signature over the head of an audit.

        Raises:
            ForgedError: it is not by this key, or over another text.
            ValueError: `signature` is not hex.
        """
        self._verify(_AUDIT_HEAD, text, signature, "audit head")

    def check_training(self, text: str, signature: str) -> None:
        """Check a signature over the sheet of a training.

        Raises:
            ForgedError: it is not by this key, or over another text.
            ValueError: `signature` is not hex.
        """
        self._verify(_TRAINING, text, signature, "training sheet")

    def open_permit(self, text: str, *, agent_id: str, warrant_from: int, now_ms: int) -> tuple[UploadPermit, int]:
        """Verifies and reads a permit of the centre as a header carries it.

        Returns the permit and the number of its warrant. `warrant_from`: warrants of a lower number are invalid.

        Raises:
            ForgedError, WrongAddresseeError, OutdatedError, LapsedError: see there.
            ContractError: not a permit, or one that this version does not know.
        """
        sealed = codec.decode(SealedPermit, _unwrapped(text))
        warrant = self.open(codec.encode(sealed.warrant), addressee=TASKS, newer_than=warrant_from - 1)
        if not isinstance(warrant.body, Warrant) or Power.UPLOAD not in warrant.body.may:
            raise ForgedError(
                f"document {warrant.number} does not let the centre's key permit uploads: have provisioning sign a"
                " warrant with `--upload`"
            )
        Seal(warrant.body.key)._verify(_PERMIT, sealed.permit, sealed.signature, "permit")  # noqa: SLF001 - same class
        permit = codec.decode(UploadPermit, sealed.permit.encode())
        if permit.agent_id != agent_id:
            raise WrongAddresseeError(f"the permit is meant for {permit.agent_id!r}, not {agent_id!r}")
        if now_ms >= warrant.body.ends_at_ms:
            raise LapsedError("the warrant of the centre's key has ended: have provisioning sign another")
        if not permit.issued_at_ms - LIFE_MS <= now_ms < permit.expires_at_ms:
            raise LapsedError(
                f"the permit counts from {permit.issued_at_ms} to {permit.expires_at_ms} ms, and this clock says"
                f" {now_ms}: compare the clocks of centre and desk agent"
            )
        return permit, warrant.number

    def _verify(self, context: bytes, text: str, signature: str, what: str) -> None:
        try:
            self._key.verify(bytes.fromhex(signature), context + text.encode())
        except InvalidSignature as error:
            raise ForgedError(
                f"the {what}'s signature is not by the key {self.key[:16]}… that is trusted here"
            ) from error


class SealKey:
    """Private half of the seal: signs.

    Provisioning's is on the centre's business server alone. The centre has another, for its audit.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.seal = Seal(key.public_key().public_bytes_raw().hex())

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a key; the file has mode 0600. Beside it the public half goes to `.pub`.

        Raises:
            OSError: the folder cannot be written.
        """
        made = cls(Ed25519PrivateKey.generate())
        durable.write(path, made._key.private_bytes_raw().hex().encode())
        durable.write(path.with_suffix(".pub"), made.seal.key.encode(), mode=durable.PUBLIC)
        return made

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a private key file.

        Raises:
            SealError: missing, readable by others, or no key.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(_private(path)))

    def sign(self, document: Document) -> Sealed:
        """Signs a document, as agents and centre receive it."""
        text = document.model_dump_json()
        return Sealed(document=text, signature=self._key.sign(_DOCUMENT + text.encode()).hex())

    def sign_bundle(self, bundle: Bundle) -> SealedBundle:
        """Signs a bundle, as a box reads it."""
        text = bundle.model_dump_json()
        return SealedBundle(bundle=text, signature=self._key.sign(_BUNDLE + text.encode()).hex())

    def sign_command(self, command: TaskCommand, warrant: Sealed) -> SealedCommand:
        """Sign a command; `warrant` names this key."""
        text = command.model_dump_json()
        return SealedCommand(command=text, signature=self._key.sign(_COMMAND + text.encode()).hex(), warrant=warrant)

    def sign_permit(self, permit: UploadPermit, warrant: Sealed) -> str:
        """Sign a permit, in the form in which a header carries it; `warrant` names this key."""
        text = permit.model_dump_json()
        sealed = SealedPermit(permit=text, signature=self._key.sign(_PERMIT + text.encode()).hex(), warrant=warrant)
        return base64.urlsafe_b64encode(codec.encode(sealed)).decode()

    def sign_audit_head(self, text: str) -> str:
        """Sign the head of an audit, in hex."""
        return self._key.sign(_AUDIT_HEAD + text.encode()).hex()

    def sign_training(self, text: str) -> str:
        """Sign the sheet of a training, in hex."""
        return self._key.sign(_TRAINING + text.encode()).hex()


def _unwrapped(text: str) -> bytes:
    """Decodes the text of a header.

    Raises:
        ContractError: it is no text of a permit.
    """
    try:
        return base64.b64decode(text[:MAX_PERMIT_CHARS], altchars=b"-_", validate=True)
    except ValueError as error:
        raise ContractError(RejectReason.MALFORMED, "this is no permit of a centre") from error


def pack_bundle(sealed: SealedBundle) -> str:
    """Writes a sealed bundle as one line of text, for the file and the QR code."""
    return "WAYSIDE1." + base64.urlsafe_b64encode(sealed.model_dump_json().encode()).decode()


def open_bundle(text: str) -> Bundle:
    """Reads a bundle that `pack_bundle` wrote and checks it against the key that it names itself.

    That finds damage and clumsy changes. A person verifies the key by comparing its first digits with the output of
    `wayside-provision bundle`; a box may already have one.

    Raises:
        SealError: no bundle, or changed since it was signed.
    """
    head, _, body = text.strip().partition(".")
    if head != "WAYSIDE1":
        raise SealError("this is no bundle: it starts with WAYSIDE1 and is one line; copy the whole file")
    try:
        payload = base64.b64decode(body.encode(), altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(payload) != body.encode():
            raise ValueError("the bits that no byte needs are not zero")  # noqa: TRY301 - damage like any other
        sealed = codec.decode(SealedBundle, payload)
        bundle = codec.decode(Bundle, sealed.bundle.encode())
    except (ValueError, ContractError) as error:
        raise SealError("the bundle is damaged: copy the whole line, or make a new one") from error
    try:
        Seal(bundle.seal_key)._verify(_BUNDLE, sealed.bundle, sealed.signature, "bundle")  # noqa: SLF001 - same file
    except ForgedError as error:
        raise ForgedError("the bundle was changed after it was made: do not use it, make a new one") from error
    return bundle


class SecretsKey:
    """Private half of the key that camera passwords are encrypted to: an agent's, or provisioning's vault."""

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a key; the file has mode 0600.

        Raises:
            OSError: the folder cannot be written.
        """
        made = cls(X25519PrivateKey.generate())
        durable.write(path, made._key.private_bytes_raw().hex().encode())
        return made

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a private key file.

        Raises:
            SealError: missing, readable by others, or no key.
        """
        return cls(X25519PrivateKey.from_private_bytes(_private(path)))

    def decrypt(self, sealed: str, *, agent_id: str, camera_id: str) -> str:
        """Decrypts the password of one camera.

        Raises:
            SealError: encrypted to another key, for another camera, or damaged.
        """
        try:
            return _SUITE.decrypt(bytes.fromhex(sealed), self._key, _purpose(agent_id, camera_id)).decode()
        except (InvalidTag, ValueError) as error:
            raise SealError(
                f"camera {camera_id}: its password was not encrypted for agent {agent_id} and its present key:"
                " import the camera again after the agent has enrolled"
            ) from error


def encrypt_password(password: str, public_key: str, *, agent_id: str, camera_id: str) -> str:
    """Encrypt a camera's password to an agent, in hex.

    Raises:
        SealError: `public_key` is no X25519 key.
    """
    try:
        key = X25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        return _SUITE.encrypt(password.encode(), key, _purpose(agent_id, camera_id)).hex()
    except ValueError as error:
        raise SealError(f"agent {agent_id}: its secrets key is of no use; enrol it again") from error


def _purpose(agent_id: str, camera_id: str) -> bytes:
    return f"wayside camera password 1\0{agent_id}\0{camera_id}".encode()


def _private(path: Path) -> bytes:
    try:
        key = bytes.fromhex(read_secret(path))
    except ConfigError as error:
        raise SealError(str(error)) from error
    except ValueError as error:
        raise SealError(f"{path}: this is no key in hex") from error
    if len(key) != 32:
        raise SealError(f"{path}: a key has 32 bytes, this has {len(key)}")
    return key
