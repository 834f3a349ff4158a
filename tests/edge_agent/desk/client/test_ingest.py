"""A recording brought to a desk agent: every picture once, at its own time, whatever breaks on the way."""

import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge_agent.desk.client.stills import Stills
from edge_agent.desk.errors import DeskError
from edge_agent.desk.protocol import End
from edge_agent.desk.recording import RecordingError, Sending
from edge_agent.desk.remux import Remux
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.desk.narrow_line import NarrowLine
from tests.edge_agent.desk.premises import CAMERA, Opened, Papers, Premises, Watched, ingest, street
from tests.edge_agent.world import flat, noise, write_video
from tests.support.waiting import LONG_S, until

ALL = [40 * n for n in range(50)]
STARTED_AT = "2023-11-14T22:13:20+00:00"


def knocking(papers: Papers, file: Path, *more: str, port: int | None = None) -> list[str]:
    """The command line of a client elsewhere; `port`: another way to the desk than its own."""
    ca = papers.identity.ca_file
    way = ["--server", f"127.0.0.1:{port or papers.port}", "--ca", str(ca), "--token-file", str(papers.token_file)]
    what = ["ingest", str(file), "--camera", CAMERA, "--started-at", STARTED_AT, "--json"]
    return [sys.executable, "-m", "edge_agent", *what, *way, *more]


class Counted(Stills):
    """Knows how much of it was asked for."""

    pulled_bytes = 0

    def begin(self, after_ms: int) -> Sending:
        whole = super().begin(after_ms)
        return Sending(whole.at_ms, lambda _: self._counted(whole.chunks))

    def _counted(self, chunks: Iterator[bytes]) -> Generator[bytes]:
        for chunk in chunks:
            self.pulled_bytes += len(chunk)
            yield chunk


def test_every_picture_is_in_at_its_time_whatever_it_comes_in(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    desk = opened(cameras=("mp4", "mkv", "ts"))
    for kind in ("mp4", "mkv", "ts"):
        done = ingest(desk.papers.place(), Remux.of(street(tmp_path / f"street.{kind}")), camera_id=kind)
        assert done is not None
        assert (done.end, done.pictures, done.position_ms, done.settled_ms) == (End.COMPLETE, 50, 1960, 1960)
        assert (done.selected, done.spooled, done.dropped) == (50, 50, {})
        assert desk.offsets(kind) == ALL
    assert {each.clock for each in desk.snapshots()} == {ClockQuality.SYNCED}
    told = {kind: (each.end, each.pictures, each.position_ms) for kind, each in desk.server.recordings().items()}
    assert told == dict.fromkeys(("mp4", "mkv", "ts"), ("complete", 50, 1960))


def test_a_recording_that_is_brought_again_is_a_duplicate_and_no_second_row(desk: Premises, tmp_path: Path) -> None:
    file = street(tmp_path / "street.mp4")
    assert ingest(desk.papers.place(), Remux.of(file)) is not None
    assert ingest(desk.papers.place(), Remux.of(file)) is None
    other_name = file.rename(tmp_path / "other.mp4")
    assert ingest(desk.papers.place(), Remux.of(other_name)) is None
    again = ingest(desk.papers.place(), Remux.of(other_name), again=True)
    assert again is not None
    assert (again.end, again.selected, again.spooled, again.dropped) == (End.COMPLETE, 50, 0, {"duplicate": 50})
    assert desk.offsets() == ALL
    assert desk.ledger().balanced


def test_a_client_that_is_killed_goes_on_where_it_was(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    desk = opened(held_after=20)
    file = street(tmp_path / "street.mp4", 150)
    with NarrowLine(papers.port, passes_bytes=file.stat().st_size // 2) as line:
        client = subprocess.Popen(knocking(papers, file, port=line.port), stdout=subprocess.PIPE, text=True)
        assert desk.held.reached.wait(LONG_S)
        assert client.stdout is not None
        assert '"end":null' in client.stdout.readline().replace(" ", "")
        assert desk.server.recordings()[CAMERA].end == ""
        client.kill()
        client.communicate()
        desk.held.let_go.set()

    until(lambda: desk.server.recordings()[CAMERA].end != "")
    until(lambda: desk.ledger().selected == desk.ledger().spooled)
    before = desk.ledger().selected
    assert 20 <= before < 150
    done = subprocess.run(knocking(papers, file), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert desk.offsets() == [40 * n for n in range(150)]
    ledger = desk.ledger()
    assert (ledger.selected, ledger.spooled, ledger.dropped, ledger.balanced) == (150, 150, {}, True)
    assert desk.server.recordings()[CAMERA].end == "complete"


def test_an_ingest_outlives_the_agent(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    first = opened(held_after=12)
    file = street(tmp_path / "street.mkv")
    client = subprocess.Popen(knocking(papers, file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.held.reached.wait(LONG_S)
    assert first.ledger().selected < 50
    first.close()
    interrupted = opened()
    out, err = client.communicate(timeout=LONG_S)
    assert client.returncode == 0, err
    assert '"waits"' in out
    assert interrupted.offsets() == ALL
    ledger = interrupted.ledger()
    assert ledger.balanced
    # What lay in the queue at the stop ended as interrupted and was taken again; nothing else was dropped.
    assert set(ledger.dropped) <= {"interrupted", "duplicate"}


def test_what_a_crash_took_is_taken_again(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    desk = opened(held_after=12)
    file = street(tmp_path / "street.mkv")
    shown = Watched()
    sending = threading.Thread(target=lambda: ingest(papers.place(), Remux.of(file), shown=shown))
    sending.start()
    assert desk.held.reached.wait(LONG_S)
    until(lambda: desk.ledger().selected == 16)  # one with the redactor, two in its queue, one in the camera's hands
    until(lambda: [(each.position_ms, each.settled_ms) for each in shown.progress[-1:]] == [(14 * 40, 12 * 40 - 1)])
    shutil.copytree(tmp_path / "spool", tmp_path / "crashed" / "spool")  # as a power cut leaves the disk
    desk.held.let_go.set()
    sending.join(LONG_S)
    desk.close()

    crashed = opened(folder=tmp_path / "crashed")
    assert (crashed.ledger().spooled, crashed.ledger().dropped) == (12, {"interrupted": 4})
    done = ingest(papers.place(), Remux.of(file))
    assert done is not None
    assert done.end is End.COMPLETE
    assert crashed.offsets() == ALL
    ledger = crashed.ledger()
    assert ledger.balanced
    # No position had been written down yet, so it was looked at from its start; the ledger knew what it had.
    assert ledger.dropped == {"duplicate": 12, "interrupted": 4}


def test_pictures_are_a_recording_too(desk: Premises, tmp_path: Path) -> None:
    folder = tmp_path / "Zhang-San"
    folder.mkdir()
    for number in range(6):
        data = cv2.imencode(".jpg", noise(number))[1].tobytes()
        (folder / f"{number}-Zhang-San.jpg").write_bytes(data[: len(data) // 2] if number == 3 else data)
    done = ingest(desk.papers.place(), Stills(folder, 2.0))
    assert done is not None
    assert (done.end, done.pictures, done.skipped) == (End.COMPLETE, 5, {"broken": 1})
    assert desk.offsets() == [0, 2000, 4000, 8000, 10_000]
    assert "Zhang" not in repr(desk.snapshots())
    assert ingest(desk.papers.place(), Stills(folder, 2.0)) is None


def test_keyframes_alone_are_a_part_of_the_same_observations(desk: Premises, tmp_path: Path) -> None:
    file = street(tmp_path / "street.mp4", b_frames=0)
    done = ingest(desk.papers.place(), Remux.of(file, keyframes_only=True))
    assert done is not None
    assert desk.offsets() == [0, 400, 800, 1200, 1600]
    done = ingest(desk.papers.place(), Remux.of(file))
    assert done is not None
    assert (done.selected, done.dropped) == (50, {"duplicate": 5})
    assert desk.offsets() == ALL


def test_a_file_with_a_hole_gives_what_is_there_and_counts_the_rest(desk: Premises, tmp_path: Path) -> None:
    file = street(tmp_path / "street.mp4", b_frames=0)
    data = file.read_bytes()
    index = data.index(b"moov") - 4
    assert index > len(data) // 2
    # The index is whole, and a stretch of what it points to is gone: as from a disk with bad sectors.
    file.write_bytes(data[: index // 2] + bytes(index - index // 2) + data[index:])
    done = ingest(desk.papers.place(), Remux.of(file))
    assert done is not None
    assert 5 < done.pictures < 50
    assert done.skipped["broken"] > 5
    assert set(desk.offsets()) < set(ALL)


def test_a_file_whose_time_goes_back_is_in_up_to_there_and_says_so(desk: Premises, tmp_path: Path) -> None:
    file = street(tmp_path / "street.ts")
    file.write_bytes(2 * file.read_bytes())
    with pytest.raises(RecordingError, match=r"no further than 1\.\d s .its time goes back"):
        ingest(desk.papers.place(), Remux.of(file))
    assert desk.offsets() == ALL


def test_a_file_with_no_times_is_not_guessed_at(tmp_path: Path) -> None:
    file = street(tmp_path / "street.avi")
    with pytest.raises(RecordingError, match="no times of their own"):
        Remux.of(file).begin(-1)


def test_a_playlist_is_no_recording(tmp_path: Path) -> None:
    street(tmp_path / "street.ts")
    playlist = tmp_path / "x.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{tmp_path}/street.ts\n#EXT-X-ENDLIST\n")
    with av.open(str(playlist)) as opened:  # FFmpeg itself would go and read the other file
        assert opened.streams.video
    with pytest.raises(RecordingError, match="no video that can be read"):
        Remux.of(playlist).facts()


def test_a_recording_from_a_phone_held_upright_is_turned(desk: Premises, tmp_path: Path) -> None:
    picture = flat(0, 160, 96)
    picture[:, :40] = 255  # white at the left, which is to be the top
    file = write_video(tmp_path / "phone.mp4", [picture] * 3)
    data = file.read_bytes()
    matrix = data.index(b"tkhd") + 44
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    file.write_bytes(data[:matrix] + turned + data[matrix + 36 :])
    ingest(desk.papers.place(), Remux.of(file))
    image = desk.grey.seen[0].frame.image
    assert image.shape == (160, 96, 3)
    assert image[:32].mean() > 200
    assert image[64:].mean() < 50


def test_a_full_spool_holds_the_recording_up_and_drops_nothing(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    room = threading.Event()
    desk = opened(has_room=room.is_set)
    shown = Watched()
    file = street(tmp_path / "street.mp4")
    sending = threading.Thread(target=lambda: ingest(papers.place(), Remux.of(file), shown=shown))
    sending.start()
    until(lambda: any(each.held for each in shown.progress))
    assert desk.spool.ledgers() == {}
    room.set()
    sending.join(LONG_S)
    assert desk.offsets() == ALL
    assert shown.progress[-1].end is End.COMPLETE


def test_a_busy_redactor_holds_the_sender_up_and_not_the_memory(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    desk = opened(held_after=0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = cv2.imencode(".bmp", np.zeros((1000, 1000, 3), np.uint8))[1].tobytes()  # 3 MB
    for number in range(30):
        (folder / f"{number:02}.bmp").write_bytes(picture)
    stills = Counted(folder, 1.0)
    shown = Watched()
    sending = threading.Thread(target=lambda: ingest(papers.place(), stills, shown=shown))
    sending.start()
    assert desk.held.reached.wait(LONG_S)
    told = len(shown.progress)
    until(lambda: len(shown.progress) > told + 2)  # over a second, in which all of it would have come
    # One with the redactor, two in its queue, one in the camera's hands, 4 MiB of pipe; then TCP's and TLS's buffers.
    assert stills.pulled_bytes < 60_000_000
    desk.held.let_go.set()
    sending.join(LONG_S)
    assert desk.ledger().spooled == 30


def test_nothing_of_a_recording_touches_a_disk(desk: Premises, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    file = street(tmp_path / "street.mkv")
    ingest(desk.papers.place(), Remux.of(file))
    data = file.read_bytes()
    pieces = [data[at : at + 24] for at in range(2000, len(data) - 24, 500)]
    assert len(pieces) > 20
    file.unlink()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "spool.db" for path in written)
    assert not any(piece in path.read_bytes() for path in written for piece in pieces)
    assert not list(temporary.iterdir())


def test_an_agent_that_is_not_there_says_so_at_once(papers: Papers, tmp_path: Path) -> None:
    papers.token_file.write_text("x")
    with pytest.raises(DeskError, match="is it running") as caught:
        ingest(papers.place(), Remux.of(street(tmp_path / "street.mp4", 3)))
    assert caught.value.code == "unreachable"
