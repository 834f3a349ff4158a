"""The folder of an agent's identity: mode 0700, each file of it whole or not there at all.

`agent.pem` (certificate and private key), `ca.crt`, `seal.pub`, `owner.json`, `secrets.key`, `agent.toml`; and
`pending.key` while an enrolment has no answer.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.enrolment.identity import load_key, new_key, private_pem
from edge_agent.errors import EnrolmentError
from provisioning.contracts.errors import ContractError
from provisioning.contracts.ids import AgentId, SiteId
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Message
from provisioning.files import durable
from provisioning.signing.documents import Seal, SealError, SecretsKey

_OLD_CONFIG: Final = "agent.toml.old"
_WRITTEN: Final = (
    "agent.pem",
    "ca.crt",
    "seal.pub",
    "owner.json",
    "secrets.key",
    "pending.key",
    "agent.toml",
    _OLD_CONFIG,
)


class Owner(Message):
    """Names the site and agent of a folder. The certificate names the agent alone, and no other file names the site."""

    site_id: SiteId
    agent_id: AgentId


class AgentFolder:
    """Reads and replaces the files of an agent's identity."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.identity = path / "agent.pem"
        self.services_ca = path / "ca.crt"
        self.seal = path / "seal.pub"
        self.owner_file = path / "owner.json"
        self.secrets = path / "secrets.key"
        self.pending = path / "pending.key"
        self.config = path / "agent.toml"

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            EnrolmentError: it cannot be made, or other users may read it.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_mode & 0o077:
                if any(self.path.iterdir()):
                    raise EnrolmentError(
                        f"{self.path}: others may look into this folder, and it will hold a private key; run:"
                        f" chmod 700 {self.path}"
                    )
                self.path.chmod(0o700)
        except OSError as error:
            raise EnrolmentError(f"{self.path}: cannot hold an agent ({error.strerror}): choose another") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Allow one enrolment or renewal at a time; the kernel releases the lock with the process.

        Raises:
            EnrolmentError: another one is at work.
        """
        try:
            handle = os.open(self.path / "enrol.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise EnrolmentError(f"{self.path}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise EnrolmentError(
                f"{self.path}: another enrolment or renewal is at work here: wait a minute and try again", "locked"
            ) from None
        try:
            self._sweep()
            yield
        finally:
            os.close(handle)

    def put(self, path: Path, data: bytes, mode: int = durable.OWNER_ONLY) -> None:
        """Replace a file; it is on the disk when this returns.

        Raises:
            EnrolmentError: it cannot be written.
        """
        try:
            durable.write(path, data, mode=mode)
        except OSError as error:
            raise EnrolmentError(
                f"{path}: cannot be written ({error.strerror}): mend that and try again", "disk"
            ) from error

    def owner(self) -> Owner | None:
        """Read the owner; None before the first enrolment was answered.

        Raises:
            EnrolmentError: the file cannot be read.
        """
        try:
            return codec.decode(Owner, self.owner_file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ContractError) as error:
            raise EnrolmentError(f"{self.owner_file}: cannot be read ({error}): use an empty folder") from error

    def seal_key(self) -> str | None:
        """Read the key of the seal whose documents are obeyed; None before the first enrolment was answered.

        Raises:
            EnrolmentError: the file cannot be read.
        """
        try:
            return Seal.load(self.seal).key if self.seal.exists() else None
        except SealError as error:
            raise EnrolmentError(str(error)) from error

    def pending_key(self) -> ec.EllipticCurvePrivateKey:
        """Load the key of the request that has no answer yet, so that the request can be repeated; or make one.

        Raises:
            EnrolmentError: it cannot be read or written.
        """
        if self.pending.exists():
            return load_key(self.pending)
        key = new_key()
        self.put(self.pending, private_pem(key))
        return key

    def forget_pending(self) -> None:
        """Remove the pending key once it is the agent's key. One that is still pending stays.

        Raises:
            EnrolmentError: a file cannot be read or removed.
        """
        if self.pending.exists() and private_pem(load_key(self.pending)) == private_pem(load_key(self.identity)):
            try:
                self.pending.unlink()
            except OSError as error:
                raise EnrolmentError(f"{self.pending}: cannot be removed ({error.strerror})") from error

    def set_config_aside(self) -> Path | None:
        """Copy a configuration that must be replaced, which a technician may have edited; None if there is none.

        Raises:
            EnrolmentError: it cannot be copied.
        """
        try:
            data = self.config.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EnrolmentError(f"{self.config}: cannot be read ({error.strerror})") from error
        aside = self.path / _OLD_CONFIG
        self.put(aside, data)
        return aside

    def secrets_key(self) -> SecretsKey:
        """Load the key that camera passwords are encrypted to; made once, and kept over every later enrolment.

        Raises:
            EnrolmentError: it cannot be read or written.
        """
        try:
            if self.secrets.exists():
                return SecretsKey.load(self.secrets)
            key = SecretsKey.create(self.secrets)
        except SealError as error:
            raise EnrolmentError(str(error)) from error
        except OSError as error:
            raise EnrolmentError(f"{self.secrets}: cannot be written ({error.strerror})") from error
        return key

    def _sweep(self) -> None:
        """Remove temporary files of a process that was killed; `mkstemp` adds eight characters."""
        for name in _WRITTEN:
            for part in self.path.glob(f".{name}.????????"):
                part.unlink(missing_ok=True)
