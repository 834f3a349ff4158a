"""Writes a redacted file whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.redact_files.errors import NotRedacted
from provisioning.files import durable


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Yield a file to fill. It replaces the target when the block ends well, and is removed otherwise.

    Raises:
        NotRedacted: the folder or the file cannot be written to.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with durable.replacing(target, mode=durable.PUBLIC) as draft:
            yield draft
    except OSError as error:
        raise NotRedacted(f"{target} cannot be written ({error.strerror})") from error
