"""Checks a machine: `wayside-provision cluster check` names differences from its part of the plan, with the remedy."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography import x509
from pydantic import Field, ValidationError

from provisioning.contracts.fleet.diagnosis import CheckResult
from provisioning.contracts.section import Port, Section
from provisioning.errors import ClusterPlanError
from provisioning.output import CommandResult
from provisioning.servers.cluster_files import ETC
from provisioning.servers.debian import CLOCK_SOURCES
from provisioning.servers.machine import Listener, SeenFile, ServerMachine
from provisioning.servers.pack_store import AUTHORITY, KEY
from provisioning.servers.plan import Disk
from provisioning.servers.tree import MANIFEST

_GB: Final = 10**9
_RENEW_DAYS: Final = 240
"""A third of two years: with fewer days left `render` makes another certificate."""
_FOREIGN_DAYS: Final = 30
"""The same of a certificate that we cannot renew."""
_DAY_S: Final = 86_400
_APT_INSTALL: Final = "apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold"
"""Without the last option it stops and asks for a choice of configuration: the plan's, already in place, is right.
Debian's recommendations beside Prometheus listen on ports that are in no plan."""
_OURS: Final = "wayside-"
_FIREWALL: Final = "/etc/nftables.conf"


class _File(Section):
    path: str
    mode: int
    owner: str
    sha256: str | None


class _Opening(Section):
    first: Port
    last: Port
    protocol: str
    sources: tuple[str, ...] | None
    why: str
    unit: str
    must: bool

    def holds(self, protocol: str, port: int) -> bool:
        return self.protocol == protocol and self.first <= port <= self.last


class Manifest(Section):
    """Planned state of the machine; written by `render`."""

    kind: str = Field(pattern=r"^wayside-servers 1$")
    server: str
    version: str
    files: tuple[_File, ...]
    units: tuple[str, ...]
    packages: tuple[str, ...]
    openings: tuple[_Opening, ...]
    disks: tuple[Disk, ...]


def show(root: Path) -> CommandResult:
    """Compares the machine with its manifest. Exit code 1: something differs.

    Raises:
        ClusterPlanError: there is no manifest here, or it is damaged.
    """
    machine = ServerMachine(root)
    manifest = _manifest(machine)
    findings = list(compare(manifest, machine))
    wrong = [each for each in findings if not each.is_good]
    facts = {
        "server": manifest.server,
        "as_planned": not wrong,
        "findings": [{"what": each.what, "good": each.is_good, "detail": each.detail} for each in findings],
    }
    lines = [each.line("DIFF") for each in findings]
    last = f"{manifest.server}: {f'differs in {len(wrong)}' if wrong else 'nothing is missing'}"
    return CommandResult(facts, [*lines, last], 1 if wrong else 0)


def compare(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    """Yields each difference; for each kind of thing that does not differ, one line."""
    kinds = {
        "files": _files(manifest, machine),
        "packages": _packages(manifest, machine),
        "version": _version(manifest, machine),
        "disks": _disks(manifest, machine),
        "certificates": _certificates(manifest, machine),
        **({"units": _units(manifest, machine)} if machine.has_systemd() else {}),
        **(_of_a_whole_machine(manifest, machine) if machine.is_whole else {}),
    }
    for kind, differences in kinds.items():
        found = list(differences)
        yield from found or [CheckResult(kind, is_good=True, detail="as planned")]
    if not machine.has_systemd():
        why = "no systemd runs here" if machine.is_whole else f"{machine.root} is a folder"
        yield CheckResult("units", is_good=True, detail=f"not looked at: {why}")


def _of_a_whole_machine(manifest: Manifest, machine: ServerMachine) -> dict[str, Iterator[CheckResult]]:
    seen, has_firewall = machine.listeners(), machine.has_firewall()
    return {
        "firewall": _firewall(manifest, has_firewall=has_firewall),
        "ports": _ports(manifest, seen, has_firewall=has_firewall),
        "clock": _clock(manifest, machine),
        **({"pack store": _pack_store(machine)} if any(file.path == KEY for file in manifest.files) else {}),
    }


def _manifest(machine: ServerMachine) -> Manifest:
    try:
        return Manifest.model_validate(json.loads(machine.read(MANIFEST)))
    except (OSError, ValueError, ValidationError) as error:
        raise ClusterPlanError(
            f"{MANIFEST}: no plan of this machine that can be read; copy its folder here anew: cp -r NAME/. /"
        ) from error


def _files(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    again = f"copy it from the rendered folder: cp {manifest.server}{{path}} {{path}}"
    for file in manifest.files:
        seen = machine.file(file.path)
        for difference in _differs(file, seen, machine):
            yield CheckResult(
                file.path, is_good=False, detail=difference.replace("AGAIN", again.format(path=file.path))
            )


def _differs(file: _File, seen: SeenFile | None, machine: ServerMachine) -> Iterator[str]:
    if seen is None:
        yield "is missing; AGAIN"
        return
    if seen.mode & ~file.mode:
        yield f"others may do more with it than is meant (mode {seen.mode:04o}); run: chmod {file.mode:o} {file.path}"
    if machine.is_whole and seen.owner != file.owner:
        yield f"is {seen.owner}'s, to be {file.owner}'s; run: chown {file.owner} {file.path}"
    if file.sha256 is not None and seen.sha256 is None:
        yield "cannot be read by you; run this as root"
    elif file.sha256 is not None and seen.sha256 != file.sha256:
        yield "was changed; AGAIN, or change the plan and render anew"


def _packages(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    installed = machine.packages()
    if installed is None:
        return
    absent = [name for name in manifest.packages if name not in installed]
    if absent:
        names = " ".join(absent)
        yield CheckResult(
            "packages", is_good=False, detail=f"missing: {names}; from Debian's own medium: {_APT_INSTALL} {names}"
        )


def _version(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    found = machine.version()
    if found is None:
        yield CheckResult(
            "version", is_good=False, detail=f"no Wayside is installed; install.sh with release {manifest.version}"
        )
    elif found != manifest.version:
        detail = f"Wayside {found} is in use, the plan was rendered by {manifest.version}: install that, or render anew"
        yield CheckResult("version", is_good=False, detail=detail)
    running = {
        unit: machine.running_version(unit) for unit in manifest.units if machine.has_systemd() and _is_ours(unit)
    }
    for unit, version in running.items():
        if version is not None and version != found:
            what = f"version {version}" if version else "a version that is not here any more"
            detail = f"runs {what}, {found or 'none'} is installed; run: systemctl restart {unit}"
            yield CheckResult(unit, is_good=False, detail=detail)
    if found == manifest.version:
        same = [unit.removesuffix(".service") for unit, version in running.items() if version == found]
        detail = f"{found} is installed{' and run by ' + ', '.join(same) if same else ''}"
        yield CheckResult("version", is_good=True, detail=detail)


def _disks(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    for disk in manifest.disks:
        free = machine.free_bytes(str(disk.path))
        if free is None:
            yield CheckResult(str(disk.path), is_good=False, detail="is not there; mount it, or make the folder")
        elif free < disk.free_gb * _GB:
            detail = f"{free / _GB:.0f} GB are free, {disk.free_gb} are planned; find what fills it, or enlarge it"
            yield CheckResult(str(disk.path), is_good=False, detail=detail)


def _certificates(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    for file in manifest.files:
        if not file.path.endswith(".pem") or machine.file(file.path) is None:
            continue
        try:
            ends = x509.load_pem_x509_certificate(machine.read(file.path)).not_valid_after_utc.timestamp()
        except (OSError, ValueError):
            continue  # changed or closed to us: said of the file
        days = (ends - time.time()) / _DAY_S
        if file.path == AUTHORITY:
            if days < _FOREIGN_DAYS:
                detail = f"ends in {days:.0f} days; ask the operator of the object store for its successor, state it as"
                yield CheckResult(file.path, is_good=False, detail=f"{detail} pack_store.ca_file and render anew")
        elif days < _RENEW_DAYS:
            detail = f"ends in {days:.0f} days; render anew on the head, and copy the folder here again"
            yield CheckResult(file.path, is_good=False, detail=detail)


def _units(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    for name in manifest.units:
        enabled, active = machine.unit(name)
        if enabled not in {"enabled", "static", "alias", "generated", "indirect"} or active != "active":
            state = f"{enabled or 'unknown'}, {active or 'unknown'}"
            detail = f"is {state}; run: systemctl enable --now {name}, and see journalctl -u {name}"
            yield CheckResult(name, is_good=False, detail=detail)


def _is_ours(unit: str) -> bool:
    return unit.startswith(_OURS) and unit.endswith(".service")


def _firewall(manifest: Manifest, *, has_firewall: bool | None) -> Iterator[CheckResult]:
    if not any(file.path == _FIREWALL for file in manifest.files):
        return
    if has_firewall is None:
        yield CheckResult("firewall", is_good=True, detail="not looked at: run this as root")
    elif not has_firewall:
        detail = f"is not loaded: every port is open; run: {_APT_INSTALL} nftables && systemctl enable --now nftables"
        yield CheckResult("firewall", is_good=False, detail=detail)


def _ports(manifest: Manifest, seen: list[Listener], *, has_firewall: bool | None) -> Iterator[CheckResult]:
    """Yields planned ports without a listener, and listeners without a plan.

    Our own units may have listeners that no plan opens, as Ray has: the firewall closes them, and they are not to be
    ended.
    """
    for opening in manifest.openings:
        if opening.must and not any(opening.holds(each.protocol, each.port) for each in seen):
            what = f"{opening.protocol} {opening.first}"
            yield CheckResult(
                what, is_good=False, detail=f"nobody listens ({opening.why}); see journalctl -u {opening.unit}"
            )
    strays = {(each.protocol, each.address, each.port, each.unit) for each in seen if each.is_reachable}
    for protocol, address, port, unit in sorted(strays):
        if protocol != "tcp" or _is_ours(unit) or any(opening.holds(protocol, port) for opening in manifest.openings):
            continue
        whose = f"{unit or 'a process'} listens on {address} and is in no plan"
        shut = {
            True: "the firewall refuses it",
            False: "and no firewall refuses it",
            None: "run this as root to see more",
        }
        end = f"systemctl disable --now {unit}" if unit else f"ss -ltnp 'sport = :{port}' names it: end it"
        yield CheckResult(f"{protocol} {port}", is_good=False, detail=f"{whose}; {shut[has_firewall]}; {end}")


def _pack_store(machine: ServerMachine) -> Iterator[CheckResult]:
    fault = machine.store_fault(KEY, f"{ETC}/cluster.toml")
    if fault is None:
        detail = "not looked at: run this as root, with the key in its place"
        yield CheckResult("pack store", is_good=True, detail=detail)
    elif fault:
        yield CheckResult("pack store", is_good=False, detail=fault)
    else:
        yield CheckResult("pack store", is_good=True, detail="answers")


def _clock(manifest: Manifest, machine: ServerMachine) -> Iterator[CheckResult]:
    if not any(file.path == CLOCK_SOURCES for file in manifest.files):
        # No kernel calls a clock synchronised that nothing is compared with.
        yield CheckResult("clock", is_good=True, detail="the plan names nobody to ask (ntp): its own is everybody's")
    elif machine.is_synchronised() is False:
        detail = "the kernel's clock is not synchronised; chronyc sources, systemctl status chrony"
        yield CheckResult("clock", is_good=False, detail=detail)
