"""A file that is there whole or not at all: written beside its place under another name, then renamed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.redaction.errors import NotRedacted


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A file to fill. It takes its place when the block ends well, and is gone when it ends in any other way.

    Raises:
        NotRedacted: the folder cannot be written to.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".redacting-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise NotRedacted(f"{target.parent} cannot be written to ({error.strerror})") from error
    os.close(handle)
    pending = Path(name)
    try:
        yield pending
        _sync(pending)
        pending.chmod(0o644)
        pending.replace(target)
    except OSError as error:
        raise NotRedacted(f"{target} cannot be written ({error.strerror})") from error
    finally:
        pending.unlink(missing_ok=True)  # gone already when all went well


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
