"""deploy/install.sh as an agent's updater: what it does on request, and what a power cut leaves.

agent's folder: request, archive, healthy ──install.sh --requested──▶ /opt/wayside/{a,b}, update-result
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioning.contracts.fleet.release import is_older
from tests.deploy.releases import INSTALL, Machine, Publisher
from tests.deploy.test_install import killed_at

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl"),
]


class Box(Machine):
    """A machine with an agent that asks."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.folder = self.data / "update"
        self.folder.mkdir()
        self.number = 0

    def wants(self, archive: Path | None, version: str, *, proves: bool = True, **changes: str) -> None:
        """The agent's next request; the new version says that it is well, or never does."""
        self.number += 1
        said = {"number": str(self.number), "act": "install", "version": version, "downgrade": "no", "health": "2"}
        lines = ["wayside-update 1", *(f"{name} {value}" for name, value in (said | changes).items())]
        (self.folder / "request").write_text("\n".join(lines) + "\n")
        (self.folder / "healthy").write_text(f"{self.number - (not proves)} {version}\n")
        if archive is not None:
            shutil.copy(archive, self.folder / "archive.wayside")

    def asked(self, *, code: int = 0) -> str:
        return self.install("--requested", self.folder, code=code)

    def result(self) -> tuple[int, str, str]:
        first, _, cause = (self.opt / "update-result").read_text().rstrip("\n").partition("\n")
        number, verdict = first.split()
        return int(number), verdict, cause


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    return Publisher(tmp_path_factory.mktemp("releases") / "publisher")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, publisher: Publisher) -> Box:
    """Every test leaves it with 1.0 in use, and some version beside it."""
    made = Box(tmp_path_factory.mktemp("box") / "machine")
    made.install("--key", publisher.public, publisher.release("1.0"))
    return made


@pytest.fixture(scope="module")
def second(publisher: Publisher) -> Path:
    return publisher.release("2.0")


def test_a_version_that_proves_itself_stays_and_going_back_is_a_request_too(box: Box, second: Path) -> None:
    box.wants(second, "2.0")
    assert "version 2.0 is in use" in box.asked()
    assert (box.version(), box.result()) == ("2.0", (box.number, "applied", ""))
    assert not (box.opt / "trying").exists()
    assert (box.opt / "install.sh").read_bytes() == INSTALL.read_bytes()
    assert "answered" in box.asked(), "the unit started twice"
    box.wants(None, "2.0", act="back", proves=False)
    (box.folder / "healthy").write_text(f"{box.number} 1.0\n")
    box.asked()
    assert (box.version(), box.result()) == ("1.0", (box.number, "applied", ""))
    box.wants(None, "2.0", act="back")
    box.asked()
    assert (box.version(), box.result()) == ("1.0", (box.number, "applied", "")), (
        "who does not run it has nothing to do"
    )


def test_a_version_that_never_says_that_it_is_well_is_left_again(box: Box, second: Path) -> None:
    box.wants(second, "2.0", proves=False)
    assert "back to 1.0" in box.asked(code=2)
    assert box.version() == "1.0"
    assert box.result() == (box.number, "rolled_back", "version 2.0 did not prove itself within 2 s")
    assert not (box.opt / "trying").exists()


def test_power_lost_at_steps_of_an_update(box: Box, second: Path) -> None:
    for step in ("4", "6", "7", "8"):
        box.wants(second, "2.0", proves=False, health="60")
        killed_at(box, step, "--requested", box.folder)
        box.install("--boot")
        assert box.version() == "1.0", "who never proved itself is not in use after a boot"
        assert (box.root / "etc/systemd/system/wayside-edge.service").read_text() == "# 1.0\n"
        if step in {"7", "8"}:
            assert box.result()[:2] == (box.number, "rolled_back")
            assert "2.0 had not proved itself" in box.result()[2]
            assert "answered" in box.asked()
    box.wants(second, "2.0")
    box.asked()
    assert (box.version(), box.result()[1]) == ("2.0", "applied")
    assert "nothing is on trial" in box.install("--boot")
    assert box.version() == "2.0"
    box.install("--back")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"role": "business"}, "is for role business"),
        ({"arch": "aarch64" if os.uname().machine != "aarch64" else "x86_64"}, "and this machine is"),
        ({"version": "0.9"}, "older than 1.0"),
        ({"version": "1.0rc1"}, "older than 1.0"),
    ],
)
def test_a_bundle_for_another_role_or_architecture_or_an_older_one(
    box: Box, publisher: Publisher, changes: dict[str, Any], why: str
) -> None:
    told = {"version": "9.0"} | changes
    box.wants(publisher.release(told.pop("version"), **told), "9.0")
    before = (box.opt / "current").readlink()
    assert why in box.asked(code=2)
    number, verdict, cause = box.result()
    assert (number, verdict) == (box.number, "refused")
    assert why in cause
    assert (box.version(), (box.opt / "current").readlink()) == ("1.0", before)
    assert not (box.opt / ".archive").exists()


def test_a_downgrade_from_afar_needs_roots_leave_and_by_hand_a_word(box: Box, publisher: Publisher) -> None:
    old = publisher.release("0.8")
    box.wants(old, "0.8", downgrade="yes")
    assert "allow-remote-downgrade" in box.asked(code=2)
    assert "--downgrade" in box.refused(old)
    assert box.version() == "1.0"
    box.install("--downgrade", old)
    assert box.version() == "0.8"
    box.install("--back")
    assert box.version() == "1.0"


def test_what_is_not_a_request_or_no_archive_changes_nothing(box: Box, second: Path, tmp_path: Path) -> None:
    box.wants(second, "2.0", health="soon")
    assert "is no request" in box.asked(code=2)
    (box.folder / "request").write_bytes(bytes(range(256)) * 100)
    assert "is no request" in box.asked(code=2)
    box.wants(None, "2.0")
    (box.folder / "archive.wayside").unlink()
    (box.folder / "archive.wayside").symlink_to(second)
    assert "no archive" in box.asked(code=2)
    (box.folder / "archive.wayside").unlink()
    box.wants(second, "2.0")
    with (box.folder / "archive.wayside").open("r+b") as archive:
        archive.truncate(20_000)
    box.asked(code=2)
    assert box.result()[:2] == (box.number, "refused")
    assert box.version() == "1.0"
    (box.folder / "request").unlink()
    assert "nothing is asked for" in box.asked()


def test_a_folder_that_is_a_link_is_not_followed(box: Box, second: Path, tmp_path: Path) -> None:
    box.wants(second, "2.0")
    real = tmp_path / "real"
    box.folder.rename(real)
    box.folder.symlink_to(real)
    try:
        assert "nothing is asked for" in box.asked()
    finally:
        box.folder.unlink()
        real.rename(box.folder)
    assert box.version() == "1.0"


def test_two_at_once_do_not_meet(box: Box, second: Path) -> None:
    box.wants(second, "2.0")
    with (box.opt / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another install.sh" in box.asked(code=2)
    assert box.version() == "1.0"


def test_a_full_disk_is_told_and_the_old_one_goes_on(publisher: Publisher, second: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=60m", "none", str(place)]
    if subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a tmpfs here")
    try:
        box = Box(place / "machine")
        box.install("--key", publisher.public, publisher.release("1.0"))
        box.wants(second, "2.0")
        (place / "ballast").write_bytes(bytes(int(shutil.disk_usage(place).free - 4 * 1024**2)))
        assert "MiB are needed" in box.asked(code=2)
        assert box.result()[1] == "refused"
        assert box.version() == "1.0"
    finally:
        subprocess.run(["umount", "-l", place], check=True)


VERSIONS = [
    "0.9",
    "1.0.dev3",
    "1.0a1.dev1",
    "1.0a1",
    "1.0a2",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0.post1",
    "1.0.1",
    "1.10",
    "2",
]


def test_the_shell_and_the_agent_order_versions_alike() -> None:
    text = INSTALL.read_text(encoding="utf-8")
    script = text[text.index("older='\n") + 8 :]
    script = script[: script.index("\n'\n")]
    pairs = [(present, new) for present in [*VERSIONS, "junk", "1.0.0"] for new in [*VERSIONS, "junk", "1.0.0"]]
    head, tail = script.split("present, new", 1)
    body = "".join(f"    {line}\n" for line in f"present, new{tail}".splitlines())
    program = f"{head}for pair in {pairs!r}:\n    sys.argv[1:] = pair\n{body}"
    done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, check=True)
    answers = [line == "yes" for line in done.stdout.split()]
    assert answers == [is_older(new, present) for present, new in pairs]
    ordered = [(present, new) for at, present in enumerate(VERSIONS) for new in VERSIONS[:at]]
    assert all(is_older(new, present) and not is_older(present, new) for present, new in ordered)
