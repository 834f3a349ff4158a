"""Files that a device stores into a folder in memory: taken when whole, gone before they are decoded, never named.

device ──writes, renames──▶ tmpfs folder ──▶ DropFolder ──▶ Glance or Skipped
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import NotFound, SourceError
from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.pushed import drop_folder
from edge_agent.sources.pushed.bounded_decoder import MAX_FILE_BYTES, BoundedDecoder
from edge_agent.sources.pushed.drop_folder import GIVEN_UP_S, LOOK_S, DropFolder, why_not_in_memory
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.pictures import BMP, JPEG, PNG
from tests.edge_agent.world import EPOCH_MS, FakeClock, Image, noise

SECRET = "京A12345"
"""What a camera might write into a name."""


class Folder:
    """A folder in memory, a camera that looks into it, and steps that happen between the looks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FakeClock()
        self.stop = threading.Event()
        self.decoding = BoundedDecoder()
        self.images: list[Image] = []
        self.camera = DropFolder("gate", processes.DropFolderSource(path=path), self.decoding, self.clock)

    def looks(self, seconds: float = 5.0, *steps: Callable[[], object]) -> list[Glance | Skipped]:
        """What comes out in so many seconds, one step after each look until there are no more."""
        pending = list(steps)
        end_s = self.clock.monotonic_s() + seconds

        def waited(_: float) -> None:
            if pending:
                pending.pop(0)()
            if self.clock.monotonic_s() >= end_s:
                self.stop.set()

        self.clock.on_wait = waited
        self.stop.clear()
        out = []
        for item in self.camera.frames(self.stop):
            if isinstance(item, Glance):
                self.images.append(item.pixels().copy())
            out.append(item)
        assert self.decoding.files.taken_bytes() == 0
        return out

    def names(self) -> list[str]:
        return sorted(entry.name for entry in self.path.iterdir())


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir():
        pytest.skip("no tmpfs at /dev/shm")
    monkeypatch.setattr(drop_folder, "_SWAPS", Path("/dev/null"))  # as on a machine without swap
    with TemporaryDirectory(dir=shared_memory, prefix="wayside-test-") as path:
        yield Folder(Path(path))


def test_a_whole_file_is_taken_and_gone(folder: Folder) -> None:
    (folder.path / f"{SECRET}.jpg").write_bytes(JPEG)
    (item,) = folder.looks()
    assert isinstance(item, Glance)
    assert folder.names() == []
    assert (item.camera_id, item.clock, item.pushed) == ("gate", ClockQuality.ARRIVAL, True)
    assert EPOCH_MS <= item.captured_at_ms <= EPOCH_MS + 2000


def test_it_is_gone_before_it_is_decoded(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    show = BoundedDecoder.show

    def spy(self: BoundedDecoder, *arguments: object) -> Iterator[Glance | Skipped]:
        seen.append(folder.names())
        return show(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(BoundedDecoder, "show", spy)
    (folder.path / "a.jpg").write_bytes(JPEG)
    assert len(folder.looks()) == 1
    assert seen == [[]]


@pytest.mark.parametrize("data", [JPEG, PNG, BMP], ids=["jpeg", "png", "bmp"])
def test_the_pixels_are_those_that_were_stored(data: bytes, folder: Folder) -> None:
    (folder.path / "no suffix").write_bytes(data)
    folder.clock.on_wait = lambda _: None
    item = next(folder.camera.frames(folder.stop))
    assert isinstance(item, Glance)
    assert np.abs(item.pixels().astype(int) - noise(1)).mean() < 20


def test_many_come_in_the_order_in_which_they_were_complete(folder: Folder) -> None:
    for name in ("c", "a", "b"):
        (folder.path / name).write_bytes(JPEG)
    items = [item for item in folder.looks() if isinstance(item, Glance)]
    assert len({item.source_key for item in items}) == 3
    assert [item.captured_at_ms for item in items] == sorted(item.captured_at_ms for item in items)


def test_no_name_is_in_anything_that_comes_out(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    (folder.path / f"{SECRET}.jpg").write_bytes(JPEG)
    (folder.path / f"{SECRET}.txt").write_text("no picture, but long enough to be told from the beginning of one" * 2)
    (folder.path / f"{SECRET}.d").mkdir()
    items = folder.looks()
    assert len(items) == 3
    assert SECRET not in repr(items) + caplog.text


def test_what_is_still_written_to_is_left_alone(folder: Folder) -> None:
    file = folder.path / "a.jpg"

    def more() -> None:
        with file.open("ab") as opened:
            opened.write(JPEG[file.stat().st_size :][: len(JPEG) // 8 + 1])

    file.touch()
    (item,) = folder.looks(10.0, *[more] * 8)
    assert isinstance(item, Glance)


def test_a_whole_picture_that_still_grows_is_left_alone(folder: Folder) -> None:
    file = folder.path / "a.jpg"
    file.write_bytes(JPEG)

    def more() -> None:
        with file.open("ab") as opened:
            opened.write(bytes(100))

    assert folder.looks(4.0, *[more] * 8) == []
    assert len(folder.looks()) == 1


def test_half_a_picture_waits_for_its_other_half(folder: Folder) -> None:
    file = folder.path / "a.jpg"
    file.write_bytes(JPEG[: len(JPEG) // 2])
    assert folder.looks(GIVEN_UP_S - 5) == []
    file.write_bytes(JPEG)
    (item,) = folder.looks()
    assert isinstance(item, Glance)


def test_half_a_picture_is_given_up_and_removed(folder: Folder) -> None:
    (folder.path / "a.jpg").write_bytes(JPEG[: len(JPEG) // 2])
    (item,) = folder.looks(GIVEN_UP_S + 2)
    assert isinstance(item, Skipped)
    assert (item.reason, item.camera_id) == (SkipReason.BROKEN, "gate")
    assert folder.names() == []


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"short"])
def test_what_is_empty_or_hardly_begun_is_given_up_too(data: bytes, folder: Folder) -> None:
    (folder.path / "a.jpg").write_bytes(data)
    assert folder.looks(GIVEN_UP_S - 5) == []
    (item,) = folder.looks(GIVEN_UP_S + 2)
    assert isinstance(item, Skipped)
    assert folder.names() == []


def test_a_half_picture_is_not_read_again_and_again(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    read = drop_folder._read

    def spy(at: int, file: drop_folder._Quiet) -> bytes | None:
        reads.append(file.name)
        return read(at, file)

    monkeypatch.setattr(drop_folder, "_read", spy)
    (folder.path / "a.jpg").write_bytes(JPEG[:-2])
    folder.looks(GIVEN_UP_S + 5)
    assert len(reads) == 2


def test_what_is_no_picture_is_removed_at_once(folder: Folder) -> None:
    (folder.path / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(1000))
    (item,) = folder.looks()
    assert isinstance(item, Skipped)
    assert item.reason is SkipReason.UNKNOWN_FORMAT
    assert folder.names() == []


def test_what_is_huge_is_removed_unread_even_while_it_grows(folder: Folder) -> None:
    file = folder.path / "a.jpg"
    file.touch()
    os.truncate(file, MAX_FILE_BYTES + 1)
    (item,) = folder.looks(2 * LOOK_S)
    assert isinstance(item, Skipped)
    assert item.reason is SkipReason.TOO_LARGE
    assert folder.names() == []


def test_renamed_into_place(folder: Folder) -> None:
    (folder.path / ".a.part").write_bytes(JPEG[:-10])

    def finish() -> None:
        (folder.path / ".a.part").write_bytes(JPEG)
        (folder.path / ".a.part").rename(folder.path / "a.jpg")

    (item,) = folder.looks(5.0, lambda: None, finish)
    assert isinstance(item, Glance)
    assert folder.names() == []


def test_links_pipes_sockets_and_folders_stay_and_are_said_once(folder: Folder, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.jpg"
    target.write_bytes(JPEG)
    (folder.path / "link.jpg").symlink_to(target)
    (folder.path / "broken.jpg").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder.path / "pipe.jpg")
    (folder.path / "sub").mkdir()
    (folder.path / "sub" / "a.jpg").write_bytes(JPEG)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder.path / "s"))
        (item,) = folder.looks(60.0)
    assert isinstance(item, Skipped)
    assert "sub-folder, link or pipe" in item.message
    assert folder.names() == ["broken.jpg", "link.jpg", "pipe.jpg", "s", "sub"]
    assert target.read_bytes() == JPEG


def test_a_file_that_takes_the_name_of_another_at_the_last_moment_is_kept(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder.path / "snapshot.jpg"
    file.write_bytes(JPEG)
    rename, late = os.rename, [cv2.imencode(".png", noise(2))[1].tobytes()]

    def raced(*arguments: object, **options: object) -> None:
        if late:
            other = folder.path / "upload"
            other.write_bytes(late.pop())
            rename(other, file)
        rename(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", raced)
    assert len(folder.looks(10.0)) == 1  # the one that it replaced is gone, as on any file system
    assert np.array_equal(folder.images[0], noise(2))
    assert folder.names() == []


def test_what_vanishes_meanwhile_is_no_fault(folder: Folder) -> None:
    (folder.path / "a.jpg").write_bytes(JPEG)
    assert folder.looks(5.0, lambda: None, (folder.path / "a.jpg").unlink) == []


def refused(camera: DropFolder) -> SourceError:
    with pytest.raises(NotFound) as caught:
        next(camera.frames(threading.Event()))
    return caught.value


def test_a_folder_on_a_disk_is_refused(tmp_path: Path) -> None:
    camera = DropFolder("gate", processes.DropFolderSource(path=Path("/proc/self")), BoundedDecoder(), FakeClock())
    assert "camera gate: the drop folder lies on proc, where raw pictures would reach a disk" in str(refused(camera))


def test_a_tmpfs_that_may_be_swapped_out_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    swaps = tmp_path / "on"
    swaps.write_text("Filename\tType\n/dev/sda2 partition 8 0 -2\n")
    monkeypatch.setattr(drop_folder, "_SWAPS", swaps)
    mounts = tmp_path / "mounts"
    device = folder.path.stat().st_dev
    mounts.write_text(f"25 24 {os.major(device)}:{os.minor(device)} / /x rw - tmpfs tmpfs rw,size=1k\n")
    monkeypatch.setattr(drop_folder, "_MOUNTS", mounts)
    assert "swapped out" in str(refused(folder.camera))


def test_no_folder_and_a_file_in_its_place_are_refused(folder: Folder) -> None:
    file = folder.path / SECRET
    for camera in (
        DropFolder("gate", processes.DropFolderSource(path=file), BoundedDecoder(), FakeClock()),
        DropFolder("gate", processes.DropFolderSource(path=file / "x"), BoundedDecoder(), FakeClock()),
    ):
        error = refused(camera)
        assert "check `path`" in str(error)
        assert SECRET not in str(error)
        assert error.__context__ is None
        file.touch()


def test_another_folder_in_its_place_is_noticed(folder: Folder) -> None:
    inner = folder.path / "drop"
    inner.mkdir()
    camera = DropFolder("gate", processes.DropFolderSource(path=inner), BoundedDecoder(), folder.clock)

    def replaced(_: float) -> None:
        inner.rename(folder.path / "old")
        inner.mkdir()

    folder.clock.on_wait = replaced
    with pytest.raises(NotFound, match="replaced by another"):
        next(camera.frames(threading.Event()))


@pytest.fixture
def as_nobody(folder: Folder) -> Iterator[None]:
    """Root may read everything: go without its rights for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.chown(folder.path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.usefixtures("as_nobody")
def test_a_file_that_may_not_be_read_is_said(folder: Folder) -> None:
    (folder.path / f"{SECRET}.jpg").write_bytes(JPEG)
    (folder.path / f"{SECRET}.jpg").chmod(0)
    with pytest.raises(NotFound, match="Permission denied") as caught:
        folder.looks()
    assert caught.value.__context__ is None
    assert folder.decoding.files.taken_bytes() == 0


NO_SWAP = "Filename\tType\tSize\tUsed\tPriority\n"
DISK_SWAP = f"{NO_SWAP}/swapfile file 8388604 0 -2\n"
MEMORY_SWAP = f"{NO_SWAP}/dev/zram0 partition 8388604 0 100\n"


def mounted(kind: str, options: str = "rw", optional: str = "shared:5 ") -> str:
    return (
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        f"25 24 0:23 / /srv/drop\\040here rw,nosuid {optional}- {kind} none {options}\n"
        "26 24 0:24 / /dev/pts rw - devpts devpts rw\n"
    )


@pytest.mark.parametrize(
    ("mounts", "swaps", "why"),
    [
        (mounted("tmpfs"), NO_SWAP, ""),
        (mounted("tmpfs", optional=""), NO_SWAP, ""),
        (mounted("tmpfs"), "", ""),
        (mounted("tmpfs"), MEMORY_SWAP, ""),
        (mounted("tmpfs", "rw,noswap,size=64m"), DISK_SWAP, ""),
        (mounted("ramfs"), DISK_SWAP, ""),
        (mounted("tmpfs"), DISK_SWAP, "may be swapped out"),
        (mounted("tmpfs"), MEMORY_SWAP + "/dev/sda2 partition 8 0 -2\n", "may be swapped out"),
        (mounted("ext4"), NO_SWAP, "lies on ext4"),
        (mounted("nfs4"), NO_SWAP, "lies on nfs4"),
        (mounted("overlay"), NO_SWAP, "lies on overlay"),
        ("", NO_SWAP, "lies on ?"),
    ],
)
def test_what_lies_in_memory(mounts: str, swaps: str, why: str) -> None:
    found = why_not_in_memory((0, 23), mounts, swaps)
    assert (found is None) == (not why)
    assert found is None or why in english(found)


@given(st.text(), st.text())
def test_any_text(mounts: str, swaps: str) -> None:
    assert why_not_in_memory((0, 23), mounts, swaps)  # never by mistake


def test_this_machine() -> None:
    device = Path("/proc").stat().st_dev
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    found = why_not_in_memory((os.major(device), os.minor(device)), mounts, "")
    assert found is not None
    assert "lies on proc" in english(found)
