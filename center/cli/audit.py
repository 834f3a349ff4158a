"""`wayside-center audit`: verify the chain here or in an export elsewhere; export it; make the key that signs it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from center.cli.output import ACTOR, ConfigFile, err, one_line, out, records, say

if TYPE_CHECKING:
    from center.audit.chain import ChainCheck

audit = typer.Typer(no_args_is_help=True, help="Verify and export the audit.")

Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="FILE", help="A public key (.pub) whose heads are trusted; more may be given."),
]
MaybeConfig = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The centre's TOML file.")]


@audit.command()
def verify(
    config: MaybeConfig = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="An export, in place of the database.")
    ] = None,
    keys: Keys = None,
) -> None:
    """Check the whole chain and name the first broken entry. Exit code 1: the chain is broken.

    For an export, only the keys given with the command are trusted; for the database, the centre's own key as well.
    """
    if (config is None) == (export is None):
        raise typer.BadParameter("give either --config or --export")
    with one_line():
        trusted = _public_keys(keys or [])
        finding = _of_export(export, trusted) if export is not None else _of_database(config, trusted)
    if finding.broken is not None:
        err.print(finding.text, style="red", markup=False)
        raise typer.Exit(1)
    say(finding.text)
    if finding.unsigned_heads:
        say(f"{finding.unsigned_heads} of {finding.heads} heads are unsigned: audit_key_file was not set.")


@audit.command("export")
def export_audit(
    config: ConfigFile, to: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to.")]
) -> None:
    """Write the whole audit as lines of JSON."""
    with records(config) as opened:
        opened.audit.append(ACTOR, "audit.export", {})
        try:
            with to.open("w", encoding="utf-8") as file:
                count = sum(file.write(line + "\n") > 0 for line in opened.audit.export())
        except OSError as error:
            err.print(f"{to} cannot be written ({error.strerror}); choose another file", style="red", markup=False)
            raise typer.Exit(2) from error
    out.print(f"{count} lines are in {to}.", markup=False)


@audit.command("new-key")
def new_key(file: Annotated[Path, typer.Argument(help="As in audit_key_file; the public half goes to .pub.")]) -> None:
    """Make the key that signs the day's head, where it is to stay. Take the public half to whoever verifies."""
    from provisioning.signing.documents import SealKey  # noqa: PLC0415 - --help stays light

    if file.exists():
        err.print(f"{file} exists: what it has signed needs it; choose another file", style="red", markup=False)
        raise typer.Exit(2)
    try:
        made = SealKey.create(file)
    except OSError as error:
        err.print(f"{file} cannot be written ({error.strerror}); choose another folder", style="red", markup=False)
        raise typer.Exit(2) from error
    out.print(f"{file} is made, public half {file.with_suffix('.pub')}: {made.seal.key}", markup=False)


def _public_keys(files: list[Path]) -> tuple[str, ...]:
    from center.errors import StartError  # noqa: PLC0415 - --help stays light
    from provisioning.signing.documents import Seal, SealError  # noqa: PLC0415 - the same

    try:
        return tuple(Seal.load(file).key for file in files)
    except SealError as error:
        raise StartError(what=str(error), what_to_do="Give the .pub file that audit new-key made") from error


def _of_database(config: Path | None, trusted: tuple[str, ...]) -> "ChainCheck":
    assert config is not None  # noqa: S101 - narrows the type: checked by the command
    with records(config) as opened:
        return opened.audit.verify_for(ACTOR, (*trusted, *opened.audit_keeper.trusted))


def _of_export(file: Path, trusted: tuple[str, ...]) -> "ChainCheck":
    from center.audit import exported  # noqa: PLC0415 - --help stays light
    from center.errors import AuditFileError  # noqa: PLC0415 - the same

    try:
        with file.open(encoding="utf-8") as lines:
            return exported.verify(lines, trusted)
    except (OSError, UnicodeDecodeError) as error:
        raise AuditFileError(line=1, cause=error) from error
