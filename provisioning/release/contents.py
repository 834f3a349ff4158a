"""Describes what lies in a release before it is signed: its bill of materials, and the licences of its parts."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from provisioning.errors import ReleaseError
from provisioning.release import artifacts, bill, licences
from provisioning.release.archive import ROLES, Release
from provisioning.release.licences import Licensed
from provisioning.release.packages import Package, of_wheel, required

LICENCES: Final = "licences.txt"
_PIN: Final = re.compile(r"([A-Za-z0-9._-]+)==([^ ;\\]+)")
_SUM: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def describe(release: Release, tree: Path, lock: str, when: datetime) -> None:
    """Writes the bill of materials and the file of licences beside the wheels of `tree`.

    `lock`: text of `requirements.lock`. `when`: the release's date.

    Raises:
        ReleaseError: a wheel that the lock does not name by this hash, one that is missing, or a licence that is not
            allowed.
    """
    packages = {package.name: package for package in map(of_wheel, sorted((tree / "wheels").glob("*.whl")))}
    _check_sums(packages, lock)
    found = {name: licences.licence_of(package) for name, package in packages.items()}
    for name, (licence, _) in found.items():
        licences.check(packages[name], licence)
    role = ROLES[release.role]
    machine = {
        "platform_machine": release.arch,
        "python_version": release.python,
        "python_full_version": f"{release.python}.0",
    }
    console = artifacts.console()
    materials = bill.Materials(
        packages=packages,
        licences=found,
        requires=required(packages, bill.OURS, role.extras, machine),
        models=artifacts.models(role.models),
        console=[artifact for artifact, _ in console],
    )
    parts = [
        *(
            Licensed(name, each.version, found[name][0], f"wheels/{each.file}", each.texts)
            for name, each in packages.items()
        ),
        *(_licensed(artifact, f"models/{artifact.file}", {}) for artifact in materials.models),
        *(_licensed(artifact, "in our wheel", texts) for artifact, texts in console),
    ]
    (tree / bill.FILE).write_text(bill.render(release, materials, when), encoding="utf-8")
    (tree / LICENCES).write_text(licences.collected(release.name, parts), encoding="utf-8")


def _licensed(artifact: artifacts.Artifact, place: str, texts: Mapping[str, bytes]) -> Licensed:
    origin = artifact.origin
    return Licensed(artifact.name, str(origin.version), artifact.licence, f"{place}, out of {origin}", texts)


def _check_sums(packages: Mapping[str, Package], lock: str) -> None:
    known = _sums(lock)
    for name, package in packages.items():
        if name != bill.OURS and package.sha256 not in known.get((name, package.version), set()):
            raise ReleaseError(
                f"{package.file}: requirements.lock names no such file by its hash: it is not what was tested; see"
                " which registry or mirror it came from"
            )


def _sums(lock: str) -> dict[tuple[str, str], set[str]]:
    """Reads the hashes of the lock by name and version."""
    found: dict[tuple[str, str], set[str]] = {}
    sums: set[str] = set()
    for line in lock.splitlines():
        if (pin := _PIN.match(line)) is not None:
            sums = found.setdefault((canonicalize_name(pin[1]), pin[2]), set())
        sums.update(_SUM.findall(line))
    return found
