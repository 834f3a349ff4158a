"""`wayside-center task-key`: make the key by which this centre commands parse tasks, once provisioning signed it."""

from pathlib import Path
from typing import Annotated

import typer

from center.cli.output import one_line, say


def task_key(path: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is to stay, mode 0600.")]) -> None:
    """Make the key and, beside it, the public half for provisioning. An existing file is never replaced."""
    from center.errors import StartError  # noqa: PLC0415 - --help stays light
    from provisioning.signing.documents import SealKey  # noqa: PLC0415 - the same

    with one_line():
        if path.exists():
            raise StartError(what=f"{path} is there already", what_to_do="Choose another file, or go on using it")
        made = SealKey.create(path)
    say(f"{path}: made, key {made.seal.key[:16]}. Now: wayside-provision service warrant {path.with_suffix('.pub')}")
