"""deploy/install.sh on a folder: what it refuses, an upgrade killed at each step, no word to any network.

release archive (signed) ──install.sh──▶ /opt/wayside/{a,b}, one link ──▶ programs
"""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from engines.catalog.catalog import Catalog
from provisioning.errors import ReleaseError
from provisioning.release.__main__ import gather_models
from provisioning.release.archive import ROLES, Release, load_key, new_key, pack
from tests.deploy.releases import INSTALL, KILLABLE, PROGRAM, Machine, Publisher
from tests.support.models import fetched_catalog
from tests.support.waiting import LONG_S

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl"),
]


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    return Publisher(tmp_path_factory.mktemp("releases") / "publisher")


@pytest.fixture(scope="module")
def first(publisher: Publisher) -> Path:
    return publisher.release("1.0")


@pytest.fixture(scope="module")
def second(publisher: Publisher) -> Path:
    return publisher.release("2.0")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def installed(machine: Machine, publisher: Publisher, first: Path) -> Machine:
    machine.install("--key", publisher.public, first)
    return machine


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, publisher: Publisher, first: Path) -> Machine:
    """An installed machine for tests that leave 1.0 in use there."""
    made = Machine(tmp_path_factory.mktemp("settled") / "machine")
    made.install("--key", publisher.public, first)
    return made


def test_a_first_installation_an_upgrade_and_back(installed: Machine, first: Path, second: Path) -> None:
    before = installed.files()
    assert "in use already" in installed.install(first)
    assert installed.files() == before
    assert installed.version() == "1.0"
    assert (installed.root / "etc/systemd/system/wayside-edge.service").read_text() == "# 1.0\n"
    assert (installed.root / "etc/sysusers.d/wayside-edge.conf").exists()
    assert (installed.opt / "models/model.onnx").read_text() == "1.0"
    assert "version 2.0 is in use" in installed.install(second)
    assert installed.version() == "2.0"
    assert (installed.opt / "models/model.onnx").read_text() == "2.0"
    installed.install("--back")
    assert installed.version() == "1.0"
    assert (installed.root / "etc/systemd/system/wayside-edge.service").read_text() == "# 1.0\n"
    assert (installed.data / "spool.db").read_text() == "pictures"


def test_uninstall_keeps_data_and_purge_takes_what_a_plan_laid_and_names_what_stays(installed: Machine) -> None:
    ours = {
        "etc/wayside-cluster/cluster.toml",
        "etc/wayside-cluster/secrets/cluster.key",
        "etc/wayside-center/secrets/center.key",
        "etc/wayside-servers/manifest.json",
        "etc/systemd/system/wayside-cluster.service",
        "etc/systemd/system/wayside-center.service.d/servers.conf",
        "etc/systemd/system/var-lib-wayside\\x2dcluster-archive.mount",
        "etc/systemd/system/systemd-journal-upload.service.d/wayside.conf",
        "etc/systemd/journal-upload.conf.d/wayside.conf",
        "etc/systemd/coredump.conf.d/wayside.conf",
        "etc/systemd/journald.conf.d/wayside.conf",
        "etc/sysctl.d/60-wayside.conf",
        "etc/prometheus/wayside/prometheus.yml",
        "etc/postgresql/17/main/conf.d/wayside.conf",
        "etc/exports.d/wayside.exports",
        "etc/sysusers.d/wayside-cluster.conf",
        "etc/tmpfiles.d/wayside-backup.conf",
    }
    debians = {
        "etc/nftables.conf",
        "etc/chrony/wayside.conf",
        "etc/default/chrony",
        "etc/default/prometheus",
        "etc/default/prometheus-node-exporter",
        "etc/systemd/system/other.service",
        "etc/systemd/journald.conf.d/other.conf",
        "disk/kept/home/home.wayside-backup",
    }
    for name in ours | debians:
        file = installed.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("# Rendered by wayside-provision.\n")
    (installed.root / "etc/tmpfiles.d/wayside-backup.conf").write_text(
        "d /disk/kept 0755 root root -\nd /disk/kept/home 0700 wayside-home wayside-home -\n"
    )
    said = installed.install("--uninstall")
    assert f"kept: {installed.data}; --purge" in said
    for folder in ("cluster", "center", "servers"):
        assert f"kept: {installed.root}/etc/wayside-{folder}; --purge" in said
    assert f"kept: {installed.root}/disk/kept: backups, with pictures, records and every key" in said
    assert installed.files() == {"var/lib/wayside-edge/spool.db"} | ours | debians
    assert not installed.opt.exists()
    said = installed.install("--uninstall", "--purge")
    assert installed.files() == debians
    assert f"kept: {installed.root}/disk/kept: backups, with pictures, records and every key" in said
    assert f"kept: {installed.root}/etc/nftables.conf: without it the machine would be open" in said
    for name in ("chrony/wayside.conf", "default/chrony"):
        assert f"kept: {installed.root}/etc/{name}: " in said
    assert "PostgreSQL's database wayside" in said
    for name in ("prometheus", "prometheus-node-exporter"):
        assert (installed.root / "etc/default" / name).read_text() == 'ARGS=""\n'
    assert list((installed.root / "etc").glob("wayside*")) == []
    assert not (installed.root / "etc/systemd/coredump.conf.d").exists()


# --- what is refused; nothing is changed then


def test_another_key_and_no_key_at_all(machine: Machine, first: Path, tmp_path: Path, publisher: Publisher) -> None:
    assert "--key release.pub" in machine.refused(first)
    other = Publisher(tmp_path / "other")
    assert "not signed by the key" in machine.refused("--key", other.public, first)
    publisher.public.chmod(0o600)
    machine.install("--key", publisher.public, first)
    assert (machine.root / "etc/wayside/release.pub").stat().st_mode & 0o777 == 0o644, "the agent reads it too"
    assert "another key" in machine.refused("--key", other.public, other.release("3.0"))
    assert "not signed by the key" in machine.refused(other.release("3.0"))
    assert machine.version() == "1.0"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"role": "parse"}, "is for role parse, and this machine is to be edge"),
        ({"arch": "aarch64" if os.uname().machine != "aarch64" else "x86_64"}, "and this machine is"),
        ({"python": "3.7"}, "is for Python 3.7"),
    ],
)
def test_a_release_for_another_role_architecture_or_python(
    settled: Machine, publisher: Publisher, changes: dict[str, Any], why: str
) -> None:
    assert why in settled.refused(publisher.release("9.0", **changes))
    assert settled.version() == "1.0"


def test_a_machine_of_another_role(settled: Machine, first: Path) -> None:
    assert "has the role edge" in settled.refused(first, role="business")


def test_every_damage_is_found_before_it_is_in_use(settled: Machine, second: Path, tmp_path: Path) -> None:
    whole = second.read_bytes()
    place = whole.index(b"# 2.0\n")
    damaged = {
        "bit": whole[:place] + b"# 6.6\n" + whole[place + 6 :],
        "cut": whole[: len(whole) // 2],
        "short": whole[:600],
        "manifest": whole.replace(b"version 2.0", b"version 6.0", 1),
        "empty": b"",
        "text": b"hello " * 1000,
    }
    for name, content in damaged.items():
        file = tmp_path / f"{name}.wayside"
        file.write_bytes(content)
        said = settled.refused(file)
        assert re.search("damaged|not signed|no release archive|just what its manifest names", said), said
        assert settled.version() == "1.0"


def test_what_the_manifest_does_not_name_is_not_unpacked(settled: Machine, second: Path, tmp_path: Path) -> None:
    for name in ("bin/extra", "../../escaped", "link"):
        file = tmp_path / "more.wayside"
        shutil.copy(second, file)
        with tarfile.open(file, "a") as archive:
            member = tarfile.TarInfo(name)
            if name == "link":
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
        assert "just what its manifest names" in settled.refused(file)
    assert not (settled.root.parent / "escaped").exists()


def test_the_bill_of_materials_is_shown_as_it_was_signed_or_not_at_all(settled: Machine) -> None:
    file = settled.opt / "current/sbom.cdx.json"
    signed = file.read_text()
    assert settled.install("--sbom") == signed
    file.write_text(signed.replace("1.0", "1.1"))
    assert "sbom.cdx.json: is not what was signed" in settled.refused("--sbom")
    manifest = settled.opt / "current/manifest"
    stated = manifest.read_text()
    manifest.write_text(
        stated.replace(hashlib.sha256(signed.encode()).hexdigest(), hashlib.sha256(file.read_bytes()).hexdigest())
    )
    assert "not signed by the key that is trusted here" in settled.refused("--sbom")
    manifest.write_text(stated)
    file.unlink()
    assert "version 1.0 came without a bill of materials" in settled.refused("--sbom")
    file.write_text(signed)


def test_a_version_that_does_not_start_is_never_in_use(settled: Machine, publisher: Publisher) -> None:
    assert "does not start here" in settled.refused(publisher.release("4.0", starts=False))
    assert settled.version() == "1.0"


def test_a_version_that_is_not_well_goes_back_by_itself(settled: Machine, second: Path) -> None:
    health = f'test "$({settled.opt}/bin/{PROGRAM})" != 2.0'
    assert "back to 1.0" in settled.refused("--health", health, second)
    assert settled.version() == "1.0"
    assert (settled.root / "etc/systemd/system/wayside-edge.service").read_text() == "# 1.0\n"


def test_a_disk_without_room_is_told_before_anything_is_changed(
    publisher: Publisher, first: Path, second: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "none", place], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a tmpfs here")
    try:
        machine = Machine(place / "machine")
        machine.install("--key", publisher.public, first)
        (place / "ballast").write_bytes(bytes(int(shutil.disk_usage(place).free - 4 * 1024**2)))
        assert "MiB are needed" in machine.refused(second)
        assert machine.version() == "1.0"
        (place / "ballast").unlink()
        machine.install(second)
        assert machine.version() == "2.0"
    finally:
        subprocess.run(["umount", "-l", place], check=True)


# --- power lost


def killed_at(machine: Machine, number: str, *words: str | Path) -> None:
    """Start it, and kill everything of it as soon as it says that this step begins."""
    with subprocess.Popen(
        machine.command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith(f"install: step {number} "):
                break
        os.killpg(running.pid, signal.SIGKILL)
    with (machine.opt / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # what it had started is gone too: the kernel lets go of the last one's lock


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory, publisher: Publisher, first: Path) -> Machine:
    """A machine that goes from one version to the other, test after test."""
    made = Machine(tmp_path_factory.mktemp("flipped") / "machine")
    made.install("--key", publisher.public, first)
    return made


@pytest.mark.parametrize("steps", KILLABLE)
def test_power_lost_at_each_step_of_an_upgrade(
    flipped: Machine, first: Path, second: Path, steps: tuple[str, ...]
) -> None:
    before = flipped.version()
    after, release = ("2.0", second) if before == "1.0" else ("1.0", first)
    for step in steps:
        killed_at(flipped, step, "--downgrade", release)
        assert flipped.version() in {before, after}, "one of the two is in use at every moment"
    assert f"version {after} is in use" in flipped.install("--downgrade", release)
    assert flipped.version() == after
    assert (flipped.root / "etc/systemd/system/wayside-edge.service").read_text() == f"# {after}\n"
    assert (flipped.data / "spool.db").read_text() == "pictures"
    assert not (flipped.opt / ".incoming").exists()


def test_power_lost_three_times_in_a_first_installation(machine: Machine, publisher: Publisher, first: Path) -> None:
    for step in ("3", "5", "7"):
        killed_at(machine, step, "--key", publisher.public, first)
    machine.install("--key", publisher.public, first)
    assert machine.version() == "1.0"


def test_two_at_once_do_not_meet(settled: Machine, second: Path) -> None:
    with (settled.opt / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another install.sh" in settled.refused(second)
    assert settled.version() == "1.0"


# --- no network


def traced(log: Path) -> Iterator[str]:
    """Whatever would send to an address of an internet family, of every process: pip binds ::1, to see if it could."""
    for line in log.read_text(errors="replace").splitlines():
        if re.search(r"(connect|sendto|sendmsg|sendmmsg)\(.*AF_INET6?\b", line):
            yield line


def test_nothing_is_asked_of_any_network_where_there_is_none(
    machine: Machine, publisher: Publisher, first: Path, tmp_path: Path
) -> None:
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to make a network namespace here")
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    log = tmp_path / "trace"
    trace = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
    words = machine.command("--key", publisher.public, first)
    subprocess.run(["unshare", "-rn", *trace, *words], check=True, capture_output=True, timeout=LONG_S)
    assert machine.version() == "1.0"
    assert list(traced(log)) == [], "no packet to any address, so no DNS query either"


# --- the archive


def test_a_release_holds_plain_files_alone(publisher: Publisher, tmp_path: Path) -> None:
    release = Release("edge", "1.0", "x86_64", "3.11", "wayside", (PROGRAM,))
    for name in ("link", "with space", "manifest"):
        tree = tmp_path / name.replace(" ", "-") / "tree"
        tree.mkdir(parents=True)
        if name == "link":
            (tree / name).symlink_to("/etc/passwd")
        else:
            (tree / name).write_text("")
        with pytest.raises(ReleaseError):
            pack(release, tree, publisher.key, tmp_path / "out")


def test_the_same_files_make_the_same_archive(publisher: Publisher) -> None:
    assert publisher.release("7.0").read_bytes() == publisher.release("7.0").read_bytes()


def test_a_signing_key_is_kept(tmp_path: Path) -> None:
    file = new_key(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ReleaseError, match="there is a key already"):
        new_key(tmp_path)
    file.chmod(0o644)
    with pytest.raises(ReleaseError, match="chmod 600"):
        load_key(file)
    file.write_text("")
    file.chmod(0o600)
    with pytest.raises(ReleaseError, match="no private key"):
        load_key(file)


def test_every_role_names_programs_models_and_units_that_there_are() -> None:
    scripts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for role in ROLES.values():
        assert all(f"\n{program} = " in scripts for program in role.programs)
        assert all((ROOT / "engines/manifests" / f"{model}.toml").exists() for model in role.models)
        assert all((ROOT / "deploy" / unit).exists() for unit in role.units)
        assert all(f"\n{extra} = [" in scripts for extra in role.extras)
    assert all(f"{role}" in INSTALL.read_text(encoding="utf-8") for role in ROLES)


def test_every_role_carries_its_models_under_the_names_that_the_catalogue_looks_for(tmp_path: Path) -> None:
    fetched = fetched_catalog().models_dir
    for name, role in ROLES.items():
        gather_models(tmp_path / f"of-{name}", role, fetched)
        there = Catalog(tmp_path / f"of-{name}")
        forms = [[model, *(form.name for form in there.manifest(model).in_eight_bits())] for model in role.models]
        assert {file.name for file in there.models_dir.iterdir()} == {
            there.path(form).name for form in chain.from_iterable(forms)
        }


def test_a_model_that_is_not_there_or_is_another_stops_the_release(tmp_path: Path) -> None:
    role = replace(ROLES["edge"], models=("clp-det",))
    with pytest.raises(ReleaseError, match="not there; run wayside-engines fetch"):
        gather_models(tmp_path / "none", role, tmp_path)
    (tmp_path / "clp-det.onnx").write_text("another")
    with pytest.raises(ReleaseError, match=r"clp-det\.onnx: is not the file of its manifest"):
        gather_models(tmp_path / "other", role, tmp_path)
