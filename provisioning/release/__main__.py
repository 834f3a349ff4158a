"""`make bundle`: gathers what a role needs from this checkout, the package registry and the models, and packs it."""

import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, Final

import typer

from provisioning.errors import ProvisioningError, ReleaseError
from provisioning.release.archive import ROLES, Release, ReleaseRole, load_key, new_key, pack

ROOT: Final = Path(__file__).parents[2]
_EIGHT_BITS: Final = ("int7", "int8")
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
    signing_key: Annotated[Path, typer.Option("--key", metavar="FILE", help="release.key")],
    models: Annotated[Path, typer.Option(metavar="DIR", help="Where wayside-engines fetch puts them.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR")] = Path("dist"),
    python: Annotated[
        str, typer.Option(metavar="3.N", help="Of the machines: 3.11 on Debian 12, 3.13 on Debian 13.")
    ] = f"{sys.version_info.major}.{sys.version_info.minor}",
) -> None:
    """Pack what a role needs on machines of this architecture."""
    try:
        if role not in ROLES:
            raise ReleaseError(f"--role {role}: roles are {', '.join(ROLES)}")
        secret = load_key(signing_key)
        with tempfile.TemporaryDirectory(prefix="wayside-release-") as folder:
            tree = Path(folder)
            version = _wheels(tree / "wheels", ROLES[role], python)
            gather_models(tree / "models", ROLES[role], models)
            _units(tree / "units", ROLES[role])
            for script in ("install.sh", "act-as.sh"):
                shutil.copy(ROOT / "deploy" / script, tree / script)
            extras = ",".join(ROLES[role].extras)
            release = Release(
                role,
                version,
                platform.machine(),
                python,
                f"wayside[{extras}]=={version}",
                ROLES[role].programs,
                ROLES[role].debian,
            )
            made = pack(release, tree, secret, out)
    except ProvisioningError as error:
        raise SystemExit(f"release: {error}") from error
    shutil.copy(ROOT / "deploy" / "install.sh", out / "install.sh")
    typer.echo(f"{made}: {made.stat().st_size >> 20} MiB; install.sh beside it")


def _wheels(folder: Path, role: ReleaseRole, python: str) -> str:
    """Gathers our own wheel, pip's, and those that the extras need, by the lock. Returns our version."""
    folder.mkdir()
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (own,) = folder.glob("wayside-*.whl")
    wanted = f"{own}[{','.join(role.extras)}]"
    constraints = folder.parent / "constraints.txt"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = [line.split(" \\")[0] for line in lock.splitlines() if line and line[0] not in "# "]
    constraints.write_text("\n".join(pinned) + "\n", encoding="utf-8")
    fixed = ("--only-binary", ":all:", "--python-version", python, "--constraint", str(constraints))
    _pip("download", *fixed, "--dest", str(folder), wanted, "pip")
    constraints.unlink()
    return own.name.split("-")[1]


def _pip(*words: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words], check=False, stdout=sys.stderr
    )
    if done.returncode != 0:
        raise ReleaseError(f"pip {words[0]} failed: do as printed above; it must reach the package registry from here")


def gather_models(folder: Path, role: ReleaseRole, models: Path) -> None:
    """Copy a role's models, by the names that the catalogue looks for.

    Raises:
        ReleaseError: one is not there.
    """
    folder.mkdir()
    for name in role.models:
        for file in _files_of(name):
            if not (models / file).is_file():
                raise ReleaseError(f"{models / file}: not there; run wayside-engines fetch --kind model")
            shutil.copy(models / file, folder / file)


def _files_of(model: str) -> list[str]:
    """Returns the files of a model: its own, and those in eight bits if its manifest has them."""
    manifest = tomllib.loads((ROOT / "engines" / "manifests" / f"{model}.toml").read_text(encoding="utf-8"))
    own = Path(manifest["file"])
    forms = [bits for bits in _EIGHT_BITS if bits in manifest.get("quantised", {})]
    return [own.name, *(f"{own.stem}-{bits}{own.suffix}" for bits in forms)]


def _units(folder: Path, role: ReleaseRole) -> None:
    folder.mkdir()
    for name in role.units:
        shutil.copy(ROOT / "deploy" / name, folder / name)


if __name__ == "__main__":
    app()
