"""An agent's order for software, from the broker's message to the last word: what is refused, resumed and proved.

signed order ──▶ updates ──▶ updater ──pieces──▶ archive ──▶ request · healthy      result ◀── what is root's (played)
"""

import errno
import platform
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EnrolmentError
from edge_agent.updates.update_orders import Updates
from edge_agent.updates.updater import RESULT, Updater, Watch
from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Document, Installed, Verdict
from provisioning.contracts.fleet.release import parse_manifest, read_head
from provisioning.contracts.fleet.rollout import CHUNK_BYTES, Act, ReleaseFile, SoftwareOrder
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import CameraState, CameraStatus
from provisioning.rollout.software import take_in
from provisioning.signing.documents import SealKey
from tests.edge_agent.told import Centre
from tests.edge_agent.world import EPOCH_MS, FakeClock
from tests.support.rolled import Releases

GIB = 1024**3


class Box:
    """One agent's machine, whose process can be started again, as the same or another version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "update"
        self.opt = folder / "opt"
        self.opt.mkdir(parents=True)
        (self.opt / "role").write_text("edge\n")
        self.centre = Centre(folder / "box")
        self.releases = Releases(folder / "releases")
        self.home = folder / "home"
        self.home.mkdir()
        self.archives: dict[str, bytes] = {}
        self.clock = FakeClock()
        self.free = 100 * GIB
        self.fetched: list[int] = []
        self.fails_at: int | None = None
        self.state = CameraState.ONLINE
        self.stop = threading.Event()
        self.start("1.0")

    def start(self, version: str) -> None:
        where = processes.Updates(directory=self.folder, installed_dir=self.opt, release_key_file=self.releases.public)
        self.updates = Updates("street", self.centre.section.seal_key_file, where, self.clock, version)
        watch = Watch(self._statuses, lambda: True)
        self.updater = Updater(
            where, self.updates, watch, self._fetch, self.clock, settle_s=5, free_bytes=lambda _: self.free
        )

    def _statuses(self) -> list[CameraStatus]:
        return [
            CameraStatus(agent_id="street", camera_id="gate", name="", state=self.state, cause="", since_ms=EPOCH_MS)
        ]

    def _fetch(self, sha256: str, offset: int) -> bytes:
        self.fetched.append(offset)
        if self.fails_at is not None and offset >= self.fails_at:
            raise EnrolmentError("the line broke", "unreachable")
        return self.archives[sha256][offset : offset + CHUNK_BYTES]

    def release(self, version: str, **changes: str) -> ReleaseFile:
        """As provisioning takes it in."""
        archive = self.releases.archive(version, ballast=3 * CHUNK_BYTES, **changes)
        _, file = take_in(archive, self.releases.public, self.home)
        self.archives[file.sha256] = archive.read_bytes()
        return file

    def order(self, number: int, version: str, *, downgrade: bool = False, file: ReleaseFile | None = None) -> None:
        self.give(
            number,
            SoftwareOrder(
                act=Act.INSTALL, version=version, file=file or self.release(version), downgrade=downgrade, health_s=60
            ),
        )

    def give(self, number: int, body: SoftwareOrder, key: SealKey | None = None, addressee: str = "street") -> None:
        document = Document(addressee=addressee, number=number, issued_at_ms=EPOCH_MS, body=body)
        self.updates.accept(codec.encode((key or self.centre.key).sign(document)))

    def look(self, times: int = 1, *, seconds: float = 1) -> None:
        for _ in range(times):
            self.clock.pass_s(seconds)
            self.updater.tick(self.stop)

    def word(self) -> Installed:
        word = self.updates.installed()
        assert word is not None
        return word

    def said(self) -> tuple[int | None, str, str]:
        return self.word().number, self.word().verdict.value, self.word().running

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {"state.json"}

    def result(self, number: int, verdict: Verdict, cause: str = "") -> None:
        (self.opt / RESULT).write_text(f"{number} {verdict.value}\n{cause}\n")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_an_order_is_fetched_checked_and_asked_for_and_the_new_version_proves_itself(box: Box) -> None:
    box.order(7, "2.0")
    assert box.said() == (7, "trying", "1.0")
    box.look()
    assert (box.folder / "archive.wayside").read_bytes() in box.archives.values()
    box.look()
    request = (box.folder / "request").read_text()
    assert request == "wayside-update 1\nnumber 7\nact install\nversion 2.0\ndowngrade no\nhealth 60\n"
    box.look(5)
    assert "healthy" not in box.files(), "the old version has nothing to prove"
    box.start("2.0")
    box.look(5)
    assert "healthy" not in box.files(), "not before it has kept its cameras for a while"
    box.look(3)
    assert (box.folder / "healthy").read_text() == "7 2.0\n"
    assert box.said() == (7, "trying", "2.0")
    box.result(7, Verdict.APPLIED)
    box.look()
    assert box.said() == (7, "applied", "2.0")
    assert box.files() == set()


def test_a_new_version_whose_camera_does_not_come_back_never_says_that_it_is_well(box: Box) -> None:
    box.order(7, "2.0")
    box.look(2)
    box.state = CameraState.REDACTION_UNAVAILABLE
    box.start("2.0")
    box.look(70)
    assert "healthy" not in box.files()
    box.result(7, Verdict.ROLLED_BACK, "version 2.0 did not prove itself within 60 s")
    box.start("1.0")
    box.look()
    assert box.said() == (7, "rolled_back", "1.0")
    assert "did not prove itself" in box.word().cause


def test_what_root_tells_of_a_service_that_failed_to_start_is_reported_within_the_bound(box: Box) -> None:
    box.order(7, "2.0")
    box.look(2)
    told = "version 2.0 failed to start: wayside-edge.service (exit-code, tries: 1; see journalctl -u wayside-edge)"
    box.result(7, Verdict.ROLLED_BACK, f"{told}: {'no such module ' * 200}")
    box.look()
    assert box.said() == (7, "rolled_back", "1.0")
    assert codec.decode(Installed, codec.encode(box.word())).cause.startswith(f"{told}: no such module")


def test_a_line_that_breaks_is_waited_for_and_nothing_is_fetched_twice(box: Box) -> None:
    box.fails_at = CHUNK_BYTES
    box.order(7, "2.0")
    box.look()
    assert "the line broke" in box.word().cause
    assert box.fetched == [0, CHUNK_BYTES]
    box.start("1.0")  # the agent was started anew meanwhile
    box.fails_at = None
    box.look(2, seconds=120)
    assert box.fetched[2] == CHUNK_BYTES
    assert box.fetched.count(0) == 1
    assert (box.folder / "request").exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"role": "all"}, "is for role all, and this machine has edge"),
        ({"arch": "aarch64" if platform.machine() != "aarch64" else "x86_64"}, "is for architecture"),
    ],
)
def test_a_bundle_for_another_role_or_architecture_is_refused_before_a_byte_of_it(
    box: Box, changes: dict[str, str], why: str
) -> None:
    box.order(7, "2.0", file=box.release("2.0", **changes))
    box.look()
    assert box.said() == (7, "refused", "1.0")
    assert why in box.word().cause
    assert (box.fetched, box.files()) == ([], set())


def test_an_older_version_is_refused_unless_it_is_meant(box: Box) -> None:
    box.order(7, "0.9")
    box.look()
    assert box.said() == (7, "refused", "1.0")
    assert "older than 1.0" in box.word().cause
    assert words(box.word().reason, "zh") == "版本 0.9 比正在运行的 1.0 旧。确要降级时加 --downgrade"
    assert "software_older" not in (box.folder / "state.json").read_text(), "an older release reads it"
    box.order(8, "0.9", downgrade=True)
    box.look(2)
    assert "downgrade yes\n" in (box.folder / "request").read_text()


def test_without_room_nothing_is_fetched_and_the_old_one_goes_on(box: Box) -> None:
    box.free = 64 * 1024**2
    box.order(7, "2.0")
    box.look()
    assert box.said() == (7, "refused", "1.0")
    assert "nothing was changed; version 1.0 goes on" in box.word().cause
    assert "只剩 64 MiB，没有作任何改动" in str(words(box.word().reason, "zh"))
    assert (box.fetched, box.files()) == ([], set())


def test_a_disk_that_fills_while_it_is_fetched_is_given_back(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.order(7, "2.0")
    whole = box._fetch

    def full(sha256: str, offset: int) -> bytes:
        if offset:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(sha256, offset)

    monkeypatch.setattr(box.updater, "_fetch", full)
    box.look()
    assert box.said() == (7, "refused", "1.0")
    assert "No space left" in box.word().cause
    assert box.files() == set()


def test_what_is_not_signed_by_the_release_key_is_refused_after_it_was_fetched(box: Box, tmp_path: Path) -> None:
    other = Releases(tmp_path / "other")
    archive = other.archive("2.0")
    _, file = take_in(archive, other.public, box.home)
    box.archives[file.sha256] = archive.read_bytes()
    box.order(7, "2.0", file=file)
    box.look()
    assert box.said() == (7, "refused", "1.0")
    assert "not signed by the key" in box.word().cause
    assert box.files() == set()


def test_a_refusal_ends_when_a_connection_brings_the_newest_order_again(box: Box) -> None:
    body = SoftwareOrder(act=Act.INSTALL, version="2.0", file=box.release("2.0"), downgrade=False, health_s=60)
    box.give(7, body)
    box.give(8, body, key=SealKey.create(box.folder.parent / "other.key"))
    assert box.said() == (None, "refused", "1.0")
    box.give(7, body)
    assert box.said() == (7, "trying", "1.0")


def test_what_differs_from_the_order_is_refused(box: Box) -> None:
    file = box.release("2.0")
    box.archives[file.sha256] = bytes(file.bytes)
    box.order(7, "2.0", file=file)
    box.look()
    assert "another hash" in box.word().cause
    real = box.release("3.0")
    box.order(8, "4.0", file=real)
    box.look()
    assert "says of itself another" in box.word().cause


def test_orders_that_are_forged_old_or_for_another_change_nothing(box: Box, tmp_path: Path) -> None:
    body = SoftwareOrder(act=Act.BACK, version="1.0")
    box.give(7, body, key=Centre(tmp_path / "forger").key)
    assert box.said() == (None, "refused", "1.0")
    box.give(7, body, addressee="avenue")
    assert box.updates.current is None
    box.order(9, "2.0")
    box.give(8, body)
    assert box.said()[:2] == (8, "refused")
    box.updates.accept(box.centre.document(10, "gate"))
    assert box.said()[:2] == (10, "refused")
    current = box.updates.current
    assert current is not None
    assert current.number == 9


def test_going_back_is_asked_for_and_who_runs_something_else_has_nothing_to_do(box: Box) -> None:
    box.give(7, SoftwareOrder(act=Act.BACK, version="2.0"))
    box.look()
    assert box.said() == (7, "applied", "1.0")
    box.start("2.0")
    box.give(8, SoftwareOrder(act=Act.BACK, version="2.0", health_s=60))
    box.look(2)
    assert "act back\nversion 2.0\n" in (box.folder / "request").read_text()
    box.start("1.0")
    box.look(8)
    assert (box.folder / "healthy").read_text() == "8 1.0\n"
    box.result(8, Verdict.APPLIED)
    box.look()
    assert box.said() == (8, "applied", "1.0")


def test_an_order_that_comes_while_the_machine_is_at_work_waits_for_its_end(box: Box) -> None:
    box.order(7, "2.0")
    box.look(2)
    box.give(8, SoftwareOrder(act=Act.BACK, version="2.0", health_s=60))
    box.start("2.0")
    box.look(8)
    assert (box.folder / "healthy").read_text() == "7 2.0\n"
    box.result(7, Verdict.APPLIED)
    box.look(3)
    assert "number 8\nact back\n" in (box.folder / "request").read_text()


def test_where_nobody_changes_the_software_that_is_said_in_the_end(box: Box) -> None:
    box.order(7, "2.0")
    box.look(2)
    box.look(2, seconds=1000)
    assert box.said() == (7, "refused", "1.0")
    assert "wayside-update.path" in box.word().cause


def test_a_machine_that_install_sh_did_not_set_up_says_so(box: Box) -> None:
    (box.opt / "role").unlink()
    box.order(7, "2.0")
    box.look()
    assert "not installed by install.sh" in box.word().cause


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: b"wayside-release 1\nrole " + tail))
def test_any_manifest_is_read_or_refused(manifest: bytes) -> None:
    try:
        head = parse_manifest(manifest)
    except ContractError:
        return
    assert head.role


@given(st.binary(max_size=2000))
def test_any_archive_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.wayside"
    file.write_bytes(content)
    with pytest.raises(ContractError):
        read_head(file)


def test_the_python_of_a_release_counts_too(box: Box) -> None:
    file = box.release("2.0").model_copy(update={"python": "3.7"})
    box.order(7, "2.0", file=file)
    box.look()
    assert f"this machine has {sys.version_info.major}." in box.word().cause
