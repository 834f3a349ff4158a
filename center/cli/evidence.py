"""`wayside-center evidence`: check that an archive is what a centre exported."""

from pathlib import Path
from typing import Annotated

import typer

from center.cli.output import err, out

evidence = typer.Typer(no_args_is_help=True, help="Check what was exported as evidence.")


@evidence.callback()
def _group() -> None:
    """Keeps `verify` a command of its own while it is the only one."""


@evidence.command("verify")
def verify_evidence(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The archive.", show_default=False)],
    ca: Annotated[Path, typer.Option("--ca", metavar="root.pem", help="The site authority's certificate, PEM.")],
) -> None:
    """Check that an archive is what the centre exported, or name the file that is not. Needs no configuration.

    Exit code 1: it is not. bin/verify-evidence does the same with openssl, unzip and sha256sum.
    """
    from center.evidence.trust import Roots, RootsError  # noqa: PLC0415 - --help stays light
    from center.evidence.verify import RefusedError, verify  # noqa: PLC0415 - the same

    try:
        found = verify(file, Roots.load(ca))
    except RefusedError as error:
        err.print(f"REFUSED ({error.fault}) {error}", style="red", markup=False)
        raise typer.Exit(1) from error
    except RootsError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    except OSError as error:
        err.print(f"{file}: cannot be read ({error.strerror})", style="red", markup=False)
        raise typer.Exit(2) from error
    manifest = found.manifest
    accuracy = "not stated" if found.accuracy_ms is None else f"{found.accuracy_ms} ms"
    for line in (
        f"OK {file}: {len(manifest.files)} files as they were signed",
        f"case {manifest.case.number}, exported by {manifest.exported_by} at {manifest.exported_at}",
        f"signer {found.signer}",
        f"time stamp {found.stamp_serial} at {found.stamped_at:%Y-%m-%d %H:%M:%S} UTC, accuracy {accuracy}",
    ):
        out.print(line, markup=False)
