"""Folder of the demo's data. One demo at a time; the next one starts anew unless it is to keep the data."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from provisioning.errors import DemoError
from provisioning.files import durable
from provisioning.signing.documents import SealKey

_MADE_ANEW: Final = ("configuration", "log")
"""Folders cleared by every start: rendered files follow the ports of the run."""
_LIVES_ON: Final = ("home", "agent", "mill", "archive", "center", "secrets")
"""Identities, and data of cameras and users. `footage` outlives both: it only depends on the film."""


def default_directory() -> Path:
    """Returns `$XDG_STATE_HOME/wayside-demo`, short because sockets in it must have short paths."""
    return _base("XDG_STATE_HOME", ".local/state") / "wayside-demo"


def default_models() -> Path:
    """Returns the default folder of `wayside-engines fetch` for weights and footage."""
    named = os.environ.get("WAYSIDE_MODELS")
    return Path(named).expanduser() if named else _base("XDG_CACHE_HOME", ".cache") / "wayside" / "models"


def _base(variable: str, fallback: str) -> Path:
    # The XDG rules: a relative value is to be ignored.
    named = Path(os.environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / fallback


class DemoFolder:
    """Context manager that locks the demo's folder."""

    def __init__(self, directory: Path, *, keep: bool) -> None:
        self.directory = directory.expanduser().absolute()
        self._keep = keep
        self._lock = -1

    def __enter__(self) -> Self:
        """Locks the folder and clears the parts that a run makes anew.

        Raises:
            DemoError: another demo runs on it, or it cannot be written.
        """
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Not inherited: a process that outlives the demo must not keep the next one out.
            self._lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in (*_MADE_ANEW, *(() if self._keep else _LIVES_ON)):
                if (self.directory / name).exists():
                    shutil.rmtree(self.directory / name)
            for name in (*_MADE_ANEW, *_LIVES_ON, "footage"):
                self.folder(name).mkdir(mode=0o700, exist_ok=True)
        except BlockingIOError as error:
            raise DemoError(
                f"{self.directory}: another demo is running on it; end that one, or give this one its own --state"
            ) from error
        except OSError as error:
            raise DemoError(f"{error.filename}: {error.strerror}; give another folder with --state") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._lock)

    def folder(self, name: str) -> Path:
        """Returns the path of a folder by its name."""
        return self.directory / name

    def secret(self, name: str) -> Path:
        """Returns the path of a secret; its file may not exist yet."""
        return self.folder("secrets") / name

    def audit_key(self) -> Path:
        """Returns the key that signs the centre's audit; an existing one is left as it is."""
        path = self.secret("audit.key")
        if not path.exists():
            SealKey.create(path)
        return path

    def new_secret(self, name: str) -> Path:
        """Returns a random secret in a file of mode 0600; an existing one is left as it is."""
        path = self.secret(name)
        if not path.exists():
            durable.write(path, secrets.token_urlsafe(18).encode())
        return path
