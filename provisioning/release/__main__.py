"""`make release-key`, `make bundle` and `make release`: a key, one role's archive, all files of a release."""

import hashlib
import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from provisioning.errors import ProvisioningError, ReleaseError
from provisioning.release import artifacts
from provisioning.release.archive import ROLES, Release, ReleaseRole, load_key, new_key, pack, role_named
from provisioning.release.candidate import read_candidate
from provisioning.release.container_images import IMAGES
from provisioning.release.contents import describe
from provisioning.release.distribution import ReleaseOrder, make_release
from provisioning.release.git import git
from provisioning.release.python_packages import LOCK, gather_wheels

ROOT: Final = Path(__file__).parents[2]
SigningKey = Annotated[Path, typer.Option("--key", metavar="FILE", help="release.key")]
Models = Annotated[Path, typer.Option(metavar="DIR", help="Where wayside-engines fetch puts them.")]
TargetPython = Annotated[
    str, typer.Option(metavar="3.N", help="Of the machines: 3.11 on Debian 12, 3.13 on Debian 13.")
]
TargetArch = Annotated[str, typer.Option(metavar="ARCH", help="Of the machines, as uname -m: x86_64, aarch64.")]
_THIS_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def key(out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where to.")] = Path()) -> None:
    """Make release.key, to be kept offline, and release.pub, which every machine is given."""
    try:
        made = new_key(out)
    except ProvisioningError as error:
        raise SystemExit(f"release: {error}") from error
    typer.echo(f"{made}, and release.pub beside it: the first is yours alone, the second goes to every machine")


@app.command()
def build(
    role: Annotated[str, typer.Option(help=", ".join(ROLES))],
    signing_key: SigningKey,
    models: Models,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR")] = Path("dist"),
    python: TargetPython = _THIS_PYTHON,
    arch: TargetArch = platform.machine(),
) -> None:
    """Pack what a role needs on machines of one architecture."""
    try:
        contents = role_named(role)
        secret = load_key(signing_key)
        with tempfile.TemporaryDirectory(prefix="wayside-release-") as folder:
            tree = Path(folder)
            wheels = tree / "wheels"
            wheels.mkdir()
            version = gather_wheels(ROOT, wheels, contents.extras, python, arch)
            gather_models(tree / "models", contents, models)
            _units(tree / "units", contents)
            for script in ("install.sh", "act-as.sh"):
                shutil.copy(ROOT / "deploy" / script, tree / script)
            extras = ",".join(contents.extras)
            release = Release(
                role,
                version,
                arch,
                python,
                f"wayside[{extras}]=={version}",
                contents.programs,
                contents.debian,
            )
            committed = datetime.fromtimestamp(int(git(ROOT, "log", "-1", "--format=%ct")), UTC)
            describe(release, tree, (ROOT / LOCK).read_text(encoding="utf-8"), committed)
            made = pack(release, tree, secret, out)
    except ProvisioningError as error:
        raise SystemExit(f"release: {error}") from error
    shutil.copy(ROOT / "deploy" / "install.sh", out / "install.sh")
    typer.echo(f"{made}: {made.stat().st_size >> 20} MiB; install.sh beside it")


@app.command()
def make(
    role: Annotated[list[str], typer.Option(help=f"May be repeated: {', '.join(ROLES)}")],
    signing_key: SigningKey,
    models: Models,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR")] = Path("dist"),
    python: TargetPython = _THIS_PYTHON,
    image: Annotated[list[str] | None, typer.Option(help=f"May be repeated: {', '.join(IMAGES)}")] = None,
) -> None:
    """Make the release of this commit: packages, archives, images, the chart, signed checksums. Tags nothing."""
    try:
        candidate = read_candidate(ROOT)
        order = ReleaseOrder(tuple(role), tuple(image or ()), signing_key, models, python)
        made = make_release(ROOT, candidate, order, out)
    except ProvisioningError as error:
        raise SystemExit(f"release: {error}") from error
    branch, tag = candidate.branch, candidate.tag
    if left_out := [name for name in IMAGES if name not in order.images]:
        typer.echo(f"left out are the container images {', '.join(left_out)} (docs/containers.md)")
    typer.echo(f"{made}: {len(list(made.iterdir()))} files, made of the branch {branch}. When they have been tried:")
    typer.echo(f'git merge --ff-only {branch} && git tag --sign {tag} --message "Wayside {candidate.version}"')


@app.command("models")
def copy_models(
    role: Annotated[str, typer.Option(help=", ".join(ROLES))],
    models: Models,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="A folder that is not there yet.")],
) -> None:
    """Copy a role's models into a folder, for its container image."""
    try:
        gather_models(out, role_named(role), models)
    except ProvisioningError as error:
        raise SystemExit(f"release: {error}") from error


def gather_models(folder: Path, role: ReleaseRole, models: Path) -> None:
    """Copy a role's models, by the names that the catalogue looks for.

    Raises:
        ReleaseError: one is not there, or is not the file of its manifest.
    """
    folder.mkdir()
    for model in artifacts.models(role.models):
        file = models / model.file
        if not file.is_file():
            raise ReleaseError(f"{file}: not there; run wayside-engines fetch --kind model")
        shutil.copy(file, folder / model.file)
        if hashlib.sha256((folder / model.file).read_bytes()).hexdigest() != model.sha256:
            raise ReleaseError(f"{file}: is not the file of its manifest; run wayside-engines fetch --kind model")


def _units(folder: Path, role: ReleaseRole) -> None:
    folder.mkdir()
    for name in role.units:
        shutil.copy(ROOT / "deploy" / name, folder / name)


if __name__ == "__main__":
    app()
