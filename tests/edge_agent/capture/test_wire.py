"""What a camera's process says, and what it cannot: bytes ──▶ words, or NonsenseError."""

import json
import os
import socket
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.capture import wire
from edge_agent.capture.camera_capture import CaptureLimits
from edge_agent.capture.selector import SelectorState
from edge_agent.frames import SelectReason, SkipReason
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality, PictureCheck
from tests.edge_agent.world import EPOCH_MS, noise

GREY = np.arange(36 * 64, dtype=np.uint8).reshape(36, 64)
REMEMBERED = wire.SavedSelectorState.of(SelectorState(GREY, EPOCH_MS, EPOCH_MS + 0.5, EPOCH_MS - 0.5))
TAKEN = wire.PictureSelected(
    captured_at_ms=EPOCH_MS,
    clock=ClockQuality.SYNCED,
    source_key="k1",
    reason=SelectReason.CHANGE,
    width=160,
    height=96,
    memory=REMEMBERED,
)
REPORTS: list[wire.Report] = [
    wire.Alive(),
    wire.StatsReport(
        at_ms=EPOCH_MS,
        pictures=3,
        passed_over=1,
        moving=True,
        decode_cpu_ms=1.5,
        sender_offset_ms=-40.0,
        scores={PictureCheck.DARK: 0.25},
        clock_changes=2,
        received_bytes=3,
    ),
    wire.PictureSkipped(reason=SkipReason.BROKEN, message="a keyframe that does not decode (InvalidDataError)"),
    TAKEN,
    wire.DetectionRequested(
        captured_at_ms=EPOCH_MS, is_taken=True, width=740, height=416, whole_width=1920, whole_height=1080
    ),
    wire.SourceFailed(error="Unreachable", reason=OTHER(detail="10.0.0.1:554 refuses the connection")),
    wire.CaptureOver(),
    wire.ProcessEnded(exit_code=-11),
]


def said(report: wire.Report, **otherwise: object) -> bytes:
    return json.dumps(json.loads(wire.encode(report)) | otherwise).encode()


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.kind)
def test_what_is_said_is_heard(report: wire.Report) -> None:
    assert wire.read_report(wire.encode(report)) == report


def test_orders_are_heard_and_a_password_shows_in_no_text() -> None:
    camera = processes.Camera(id="gate", source=processes.RtspSource(url="rtsp://127.0.0.1/a"))
    start = wire.StartCapture(
        camera=camera, password="s3cr3t", memory=REMEMBERED, orders=CaptureLimits(500.0, is_full=True)
    )
    assert wire.read_order(wire.encode(start)) == start
    assert len(wire.encode(start)) < wire.MAX_BYTES
    assert "s3cr3t" not in repr(start)
    with pytest.raises(wire.NonsenseError) as caught:
        wire.read_order(wire.encode(start).replace(b'"start"', b'"begin"'))
    assert "s3cr3t" not in f"{caught.value}{caught.value.__cause__}"
    assert caught.value.__suppress_context__


def expected(transport: str = "udp", **changed: object) -> wire.ExpectedMedia:
    fields = {"remote": ("192.0.2.10", 15060), "ssrc": 200_000_001, "advertised": "192.0.2.1:30000"}
    times = {"started_at_ms": EPOCH_MS, "ended_at_ms": None}
    return wire.ExpectedMedia.model_validate({"transport": transport, **fields, **times, **changed})


def test_a_session_is_the_same_on_the_other_side_and_its_socket_too() -> None:
    source = processes.Gb28181Source(device_id="D", channel_id="C", username="D", password_sealed="ab" * 40)
    start = wire.StartCapture(
        camera=processes.Camera(id="gate", source=source), media=expected(), orders=CaptureLimits()
    )
    assert wire.read_order(wire.encode(start)) == start
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind(("127.0.0.1", 0))
        media = expected().media([os.dup(sock.fileno())])
        assert media.sock is not None
        with media.sock as same:
            assert (same.type, same.getsockname()) == (socket.SOCK_DGRAM, sock.getsockname())
            assert wire.ExpectedMedia.of(media) == expected()
            assert media.ended() is None
    assert expected("tcp_active").media([]).sock is None


@pytest.mark.parametrize(("transport", "sockets"), [("udp", 0), ("tcp_passive", 0), ("tcp_active", 1)])
def test_a_session_with_too_few_sockets_or_too_many_is_nonsense(transport: str, sockets: int) -> None:
    with pytest.raises(wire.NonsenseError, match=f"^media by {transport} with {sockets} sockets$"):
        expected(transport).media([0] * sockets)


@pytest.mark.parametrize(
    "changed", [{"transport": "sctp"}, {"ssrc": 2**32}, {"ssrc": -1}, {"remote": ("192.0.2.10", 65_536)}, {"key": 1}]
)
def test_a_session_that_cannot_be_is_nonsense(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        expected(**{"transport": "udp", **changed})  # type: ignore[arg-type] # that is the point


def test_what_a_selector_remembers_is_the_same_on_the_other_side() -> None:
    memory = REMEMBERED.memory()
    assert np.array_equal(memory.grey, GREY)
    assert (memory.taken_ms, memory.paced_ms, memory.rationed_ms) == (EPOCH_MS, EPOCH_MS + 0.5, EPOCH_MS - 0.5)


@given(data=st.binary(max_size=300) | st.sampled_from([wire.encode(each) for each in REPORTS]).map(lambda w: w[:-1]))
def test_anything_else_is_nonsense(data: bytes) -> None:
    with pytest.raises(wire.NonsenseError):
        wire.read_report(data)


@given(report=st.sampled_from(REPORTS), at=st.integers(0, 4000), byte=st.integers(0, 255))
def test_a_word_with_a_byte_changed_is_a_word_or_nonsense(report: wire.Report, at: int, byte: int) -> None:
    data = bytearray(wire.encode(report))
    data[at % len(data)] = byte
    try:
        heard = wire.read_report(bytes(data))
    except wire.NonsenseError:
        return
    if isinstance(heard, wire.SourceFailed | wire.PictureSkipped):
        said = heard.message if isinstance(heard, wire.PictureSkipped) else "".join(heard.reason.params.values())
        assert not any(character < " " for character in said)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 0),
        ("width", 20_000),
        ("source_key", "a b\n"),
        ("reason", "whim"),
        ("captured_at_ms", -1),
        ("people", 3),
    ],
)
def test_a_picture_that_cannot_be_is_nonsense(field: str, value: object) -> None:
    with pytest.raises(wire.NonsenseError):
        wire.read_report(said(TAKEN, **{field: value}))


def test_a_picture_over_the_bound_of_pixels_is_nonsense() -> None:
    with pytest.raises(wire.NonsenseError):
        wire.read_report(said(TAKEN, width=16_000, height=16_000))


def test_no_line_of_a_process_can_forge_a_line_of_the_log() -> None:
    with pytest.raises(wire.NonsenseError):
        wire.read_report(
            said(
                wire.SourceFailed(error="Ended", reason=OTHER(detail="closed")),
                reason={"code": "other", "params": {"detail": "closed\nERROR camera lost"}},
            )
        )


def test_pixels_cross_in_memory_and_are_the_agents_own_after_that() -> None:
    image = noise(1)
    descriptor = wire.picture_file(image)
    try:
        assert str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("/memfd:")
        got = wire.picture_in([descriptor], 160, 96)
        os.pwrite(descriptor, bytes(100), 0)
        assert np.array_equal(got, image)
        with pytest.raises(wire.NonsenseError, match="not 161×96 px"):
            wire.picture_in([descriptor], 161, 96)
    finally:
        os.close(descriptor)
    with pytest.raises(wire.NonsenseError, match="without pixels"):
        wire.picture_in([], 160, 96)
    with pytest.raises(wire.NonsenseError, match="cannot be read"):
        wire.picture_in([descriptor], 160, 96)


def test_a_part_of_a_larger_picture_crosses_as_it_looks() -> None:
    part = noise(2)[8:88, 16:112]
    descriptor = wire.picture_file(part)
    try:
        assert np.array_equal(wire.picture_in([descriptor], 96, 80), part)
    finally:
        os.close(descriptor)
