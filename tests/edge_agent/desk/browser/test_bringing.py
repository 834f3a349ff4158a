"""Files from a page: in every container, from any place of it, broken off and gone on with: each picture once."""

import logging
import threading
from http import HTTPStatus
from pathlib import Path

import av
import numpy as np
import pytest

from edge_agent.desk.browser.protocol import PIECE_BYTES
from edge_agent.desk.http_server import DeskLimits
from edge_agent.desk.remux import Remux
from tests.edge_agent.desk.browser.conftest import Opened, Paged
from tests.edge_agent.desk.browser.page import Page, is_over
from tests.edge_agent.desk.premises import CAMERA, Papers, ingest, street
from tests.edge_agent.world import noise, write_video
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.timeout(300)


def large(path: Path, pictures: int = 150) -> bytes:
    """A file of several pieces, its index at the end: noise in which every picture is another one."""
    images = [np.random.default_rng(n).integers(0, 256, (180, 320, 3), np.uint8) for n in range(pictures)]
    data = write_video(path, images, gop=10).read_bytes()
    assert len(data) > 4 * PIECE_BYTES
    return data


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "avi", "ts", "mpg", "flv"])
def test_what_a_phone_or_recorder_exports_comes_whole(kind: str, opened: Opened, paged: Paged, tmp_path: Path) -> None:
    desk = opened()
    file = street(tmp_path / f"street.{kind}", b_frames=0)
    turn = paged().bring(file.read_bytes())
    assert (turn["progress"]["end"], turn["progress"]["selected"]) == ("complete", 50), turn
    assert len(desk.offsets()) == 50
    assert desk.offsets()[:3] == [0, 40, 80]
    assert not list(tmp_path.glob("spool/**/*.mp4"))


def _times(file: Path) -> list[int]:
    with av.open(str(file)) as container:
        return [packet.pts for packet in container.demux(video=0) if packet.pts is not None]


def test_two_pictures_of_a_program_stream_that_were_given_one_time_come_both(
    opened: Opened, paged: Paged, tmp_path: Path
) -> None:
    desk = opened()
    file = tmp_path / "street.mpg"
    for first in range(0, 5000, 50):  # one film in seven has a picture that begins just before its packet ends
        write_video(file, [noise(first + n) for n in range(50)], gop=10)
        times = _times(file)
        if len(set(times)) < len(times):
            break
    else:
        pytest.fail("no film of a hundred has two pictures with one time")
    turn = paged().bring(file.read_bytes())
    assert (turn["progress"]["end"], turn["progress"]["selected"]) == ("complete", 50), turn
    assert desk.offsets() == [40 * n for n in range(50)]


def test_only_what_is_needed_comes_and_the_index_first(opened: Opened, paged: Paged, tmp_path: Path) -> None:
    desk = opened()
    data = large(tmp_path / "street.mp4")
    page = paged()
    turn = page.bring(data)
    assert turn["progress"]["end"] == "complete"
    assert turn["length_ms"] == 150 * 40
    assert desk.offsets() == [40 * n for n in range(150)]
    places = [at // PIECE_BYTES for at, _ in page.brought]
    assert places[:2] == [0, (len(data) - 1) // PIECE_BYTES]
    assert len(places) == len(set(places))  # each once: the index is kept while it is needed


def test_a_file_that_was_broken_off_goes_on_and_loses_and_doubles_nothing(
    opened: Opened, paged: Paged, tmp_path: Path
) -> None:
    desk = opened(limits=DeskLimits(silence_s=1.0))
    data = large(tmp_path / "street.mp4")
    first = paged()
    turn = first.bring(data, pieces=3)
    assert not is_over(turn)
    first.close()  # a laptop that is shut
    until(lambda: len(desk.offsets()) > 5)
    turn = paged().bring(data)  # which waits until the desk has seen that the first has gone
    assert turn["progress"]["end"] == "complete"
    assert turn["after_ms"] > 0
    assert turn["progress"]["pictures"] < 150
    assert desk.offsets() == [40 * n for n in range(150)]
    assert desk.ledger().dropped == {}
    known = paged().bring(data)
    assert (known["known"], known["progress"]) == (True, None)


def test_ingest_goes_on_with_what_a_page_began(opened: Opened, paged: Paged, papers: Papers, tmp_path: Path) -> None:
    desk = opened(limits=DeskLimits(silence_s=1.0))
    data = large(tmp_path / "street.mp4")
    paged().bring(data, pieces=3)
    until(lambda: len(desk.offsets()) > 5)
    until(lambda: desk.server.recordings()[CAMERA].end != "")
    done = ingest(papers.place(), Remux.of(tmp_path / "street.mp4"))
    assert done is not None
    assert done.pictures < 150
    assert desk.offsets() == [40 * n for n in range(150)]
    assert desk.ledger().dropped == {}


def test_a_busy_redactor_makes_the_page_wait(opened: Opened, paged: Paged, tmp_path: Path) -> None:
    desk = opened(held_after=3)
    data = large(tmp_path / "street.mkv", 400)
    assert len(data) > 10 * PIECE_BYTES
    page, turns = paged(), []
    bringing = threading.Thread(target=lambda: turns.append(page.bring(data)))
    bringing.start()
    assert desk.held.reached.wait(LONG_S)
    until(lambda: desk.server.recordings()[CAMERA].pictures > 0)
    until(lambda: _is_quiet(page))
    assert sum(size for _, size in page.brought) < len(data)
    desk.held.let_go.set()
    bringing.join(LONG_S)
    assert [turn["progress"]["end"] for turn in turns] == ["complete"]
    assert len(desk.offsets()) == 400


def _is_quiet(page: Page) -> bool:
    before = len(page.brought)
    threading.Event().wait(1.0)
    return len(page.brought) == before


def test_two_cameras_take_a_file_each_at_once(opened: Opened, paged: Paged, tmp_path: Path) -> None:
    desk = opened(cameras=(CAMERA, "yard"))
    data = large(tmp_path / "street.mp4")
    ends: list[str] = []

    def bring(page: Page) -> None:
        ends.append(page.bring(data)["progress"]["end"])

    threads = [threading.Thread(target=bring, args=(paged(camera),)) for camera in (CAMERA, "yard")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert ends == ["complete", "complete"]
    assert desk.offsets() == desk.offsets("yard") == [40 * n for n in range(150)]


def test_a_piece_that_comes_twice_or_was_not_asked_for_changes_nothing(
    opened: Opened, paged: Paged, tmp_path: Path
) -> None:
    desk = opened()
    data = large(tmp_path / "street.mp4")
    page = paged()
    _, turn = page.open(len(data))
    while not is_over(turn):
        wants = turn["wants"]
        if wants is None:
            _, turn = page.put(None)
            continue
        at, size = wants["at"], wants["size"]
        _, same = page.put(at + 1, bytes(100))
        assert same["wants"] == wants
        _, turn = page.put(at, data[at : at + size])
        # An answer that was lost: the piece is sent again, and by now it is not asked for, or all has come.
        _, turn = page.put(at, bytes(size))
    assert turn["progress"]["end"] == "complete"
    assert desk.offsets() == [40 * n for n in range(150)]


def test_a_page_that_asks_again_is_told_how_its_file_ended(
    opened: Opened, paged: Paged, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its answer was lost, or it asks only after the file's last pictures have been taken."""
    caplog.set_level(logging.INFO, "edge_agent.desk.browser.upload")
    opened()
    page = paged()
    turn = page.bring(large(tmp_path / "street.mp4"))
    until(lambda: "recording from a browser ended" in caplog.text)
    assert page.put(None) == (HTTPStatus.OK, turn)
    assert turn["progress"]["end"] == "complete"


def test_the_same_pictures_come_as_by_ingest(opened: Opened, paged: Paged, papers: Papers, tmp_path: Path) -> None:
    desk = opened(cameras=(CAMERA, "yard"))
    file = street(tmp_path / "street.mp4")
    with av.open(str(file)) as container:
        assert container.streams.video[0].codec_context.has_b_frames
    ingest(papers.place(), Remux.of(file), camera_id="yard")
    paged().bring(file.read_bytes())
    by = {
        camera: [each.captured_at_ms for each in desk.snapshots() if each.camera_id == camera]
        for camera in (CAMERA, "yard")
    }
    assert by[CAMERA] == by["yard"]
