"""A camera that is asked for snapshots, under a clock that waits alone move."""

import threading
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import pytest

from edge_agent.credentials.camera_password import read_password
from edge_agent.errors import SourceError
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.snapshot.source import Snapshots
from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.causes.text import CHINESE
from provisioning.contracts.config import processes
from tests.edge_agent.world import FakeClock

SECRETS: Final = ("secret-token", "s3cret", "密码")


class Asking:
    """One camera's source under a clock that waits alone move."""

    def __init__(self, url: str | None, folder: Path, **options: object) -> None:
        self.clock = FakeClock()
        secret = folder / "password"
        secret.write_text("s3cret-密码", encoding="utf-8")
        secret.chmod(0o600)
        login = {"username": "admin", "password_file": secret} if options.pop("login", False) else {}
        fields = {"url": url, "interval_s": 10, "timeout_s": 60, **login, **options}
        self.settings = processes.SnapshotSource.model_validate(fields)
        self.source = Snapshots("gate", self.settings, self.clock, partial(read_password, "gate", self.settings, None))

    def some(self, number: int) -> list[Glance | Skipped]:
        """So many items beside the signs of life."""
        return list(islice((item for item in self.source.frames(threading.Event()) if item is not None), number))

    def failure(self) -> SourceError:
        """The error of one attempt; it holds neither address, user nor password, and neither does its context."""
        with pytest.raises(SourceError) as caught:
            self.some(1)
        error: BaseException | None = caught.value
        while error is not None:
            assert not any(secret in f"{error!r} {error}" for secret in SECRETS)
            error = error.__context__
        assert words(caught.value.reason, CHINESE)
        return caught.value
