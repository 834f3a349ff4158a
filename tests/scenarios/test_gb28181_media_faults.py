"""Media as devices in the field send them, all at once, from REGISTER to pictures: whole ones, or it is said why not.

Whole is measured: the thumbnail of each published picture is, byte for byte, that of a picture that was sent.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, Final

import pytest

from edge_agent.errors import NoPicture
from edge_agent.gb28181 import endpoint
from edge_agent.sources.gb28181.sessions import SessionTimeouts
from provisioning.demo.simulators.gb28181.device_profile import device_ids
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Codec
from tests.scenarios.faulty_devices import Faulty, faulty, plain
from tests.support.gb28181_agent import Agent
from tests.support.gb28181_camera import Looked, look, thumbnails
from tests.support.gb28181_devices import FIRST_ID, Devices, film
from tests.support.waiting import LONG_S

WANTED: Final = 40
"""Pictures, of which 10 are a GOP."""
_HOUR_MS: Final = 3_600_000
RECORDED_MS: Final = (time.time_ns() // 1_000_000 // _HOUR_MS - 2) * _HOUR_MS + 600_000
SPAN: Final = {"started_at_ms": RECORDED_MS, "ended_at_ms": RECORDED_MS + 4000}
"""Within one recording: a device begins one at each full hour."""
SENT: Final[dict[str, Any]] = {"pace": 1.0, "channels": 1, "packet_bytes": 400, "heartbeat_s": 60.0}


def sends(fault: DeviceFault, codec: Codec = "h264", transport: str = "udp") -> tuple[Faulty, Codec]:
    device = faulty(fault, **SENT)
    name = device.name if codec == "h264" else f"{device.name}-{codec}"
    return replace(device, name=name, options={"heartbeat_s": 60.0, "transport": transport}), codec


def plays(fault: DeviceFault | None = None) -> tuple[Faulty, Codec]:
    """Recordings of 4 s, at four times their pace."""
    sent = {**SENT, "pace": 4.0}
    device = plain("ends-by-121", **sent) if fault is None else faulty(fault, **sent)
    return replace(device, options={"heartbeat_s": 60.0, "span": SPAN}), "h264"


def sends_well(codec: Codec, transport: str) -> tuple[Faulty, Codec]:
    device = plain(f"plain-{codec}-{transport}", **SENT)
    return replace(device, options={"heartbeat_s": 60.0, "transport": transport}), codec


PLAIN: Final = tuple(
    sends_well(codec, transport) for codec in ("h264", "h265") for transport in ("udp", "tcp_passive", "tcp_active")
)
HARMLESS: Final = tuple(
    sends(fault)
    for fault in (
        DeviceFault.REORDER,
        DeviceFault.DUPLICATE,
        DeviceFault.SEQUENCE_WRAP,
        DeviceFault.CONSTANT_TIMESTAMP,
        DeviceFault.TIMESTAMP_PER_PACKET,
        DeviceFault.NO_MARKER,
        DeviceFault.RAW_VIDEO,
        DeviceFault.TRANSPORT_STREAM,
        DeviceFault.AUDIO_PACKETS,
        DeviceFault.RTCP_NOISE,
        DeviceFault.TINY_HEADERS,
        DeviceFault.SPLIT_HEADERS,
        DeviceFault.NO_SYSTEM_HEADER,
        DeviceFault.NO_PSM,
        DeviceFault.LATE_PSM,
        DeviceFault.BAD_PSM_CRC,
        DeviceFault.BAD_PSM_LENGTH,
        DeviceFault.WRONG_PSM_CODEC,
        DeviceFault.PRIVATE_STREAMS,
        DeviceFault.VIDEO_E2,
        DeviceFault.PES_LENGTH_ZERO,
        DeviceFault.AUDIO,
        DeviceFault.AUDIO_ANNOUNCED,
        DeviceFault.AUDIO_LISTED_FIRST,
        DeviceFault.SHORT_PACK,
        DeviceFault.JOINED_MID_GOP,
        DeviceFault.OTHER_SSRC,
        DeviceFault.NO_SDP,
        DeviceFault.MEDIA_BEFORE_200,
    )
)
OTHER_CODEC: Final = tuple(
    sends(fault, "h265")
    for fault in (DeviceFault.RAW_VIDEO, DeviceFault.TRANSPORT_STREAM, DeviceFault.NO_PSM, DeviceFault.WRONG_PSM_CODEC)
)
OVER_TCP: Final = tuple(
    sends(fault, transport="tcp_passive")
    for fault in (DeviceFault.DOLLAR_FRAMING, DeviceFault.LENGTH_2400, DeviceFault.PRIVATE_HEAD, DeviceFault.BYTEWISE)
)
HURT: Final = (sends(DeviceFault.LOSS), sends(DeviceFault.OVERWRITTEN, transport="tcp_passive"))
CHANGES: Final = (sends(DeviceFault.SSRC_CHANGES),)
STOPS: Final = (sends(DeviceFault.ENDLESS_ZEROS),)
WITHOUT: Final = (sends(DeviceFault.NO_MEDIA), sends(DeviceFault.SIP_ON_MEDIA_PORT))
PLAYED: Final = tuple(
    plays(fault) for fault in (None, DeviceFault.ENDS_BY_INFO, DeviceFault.ENDS_SILENTLY, DeviceFault.PLAYS_ON)
)
WHOLE: Final = (*PLAIN, *HARMLESS, *OTHER_CODEC, *OVER_TCP, *CHANGES)
EVERY: Final = (*WHOLE, *HURT, *STOPS, *WITHOUT, *PLAYED)
IDS: Final = dict(zip((each.name for each, _ in EVERY), device_ids(FIRST_ID, len(EVERY)), strict=True))
NEVER: Final = 1000
ENOUGH: Final = {"ssrc-changes": 70, **dict.fromkeys((each.name for each, _ in (*STOPS, *PLAYED)), NEVER)}
"""50 pictures until the SSRC changes; and nothing to be waited for behind the zeros."""


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Looked]:
    folder = tmp_path_factory.mktemp("media")
    cameras = {each.name: each.camera(IDS[each.name], folder) for each, _ in EVERY}
    fleets = {
        codec: [(each.profile, IDS[each.name]) for each, its in EVERY if its == codec] for codec in ("h264", "h265")
    }
    stop = threading.Event()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(EVERY)) as threads:
        patch.setattr(endpoint, "INVITES_PER_S", 50.0)  # all of one building at once
        with (
            Agent(folder / "agent", cameras, patience=SessionTimeouts(online_s=LONG_S)) as agent,
            Devices(agent.server, each=fleets["h264"], footage=film("h264", gop=10)),
            Devices(agent.server, each=fleets["h265"], footage=film("h265", gop=10)),
        ):
            futures = {
                each.name: threads.submit(look, agent, each.name, stop, ENOUGH.get(each.name, WANTED))
                for each, _ in EVERY
            }
            try:
                wait([future for name, future in futures.items() if name != DeviceFault.ENDLESS_ZEROS.value], LONG_S)
            finally:
                stop.set()
            return {name: future.result(LONG_S) for name, future in futures.items()}


def of(every: tuple[tuple[Faulty, Codec], ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "codec"), [pytest.param(each.name, codec, id=each.name) for each, codec in every]
    )


@of(WHOLE)
def test_pictures_come_and_are_whole(looked: dict[str, Looked], name: str, codec: Codec) -> None:
    its = looked[name]
    assert (its.trouble, its.skipped) == (None, [])
    assert len(its.greys) >= ENOUGH.get(name, WANTED)
    assert set(its.greys) <= thumbnails(film(codec, gop=10))
    assert len(set(its.greys)) > 10


@of((*HURT, *STOPS))
def test_what_is_damaged_is_never_published(looked: dict[str, Looked], name: str, codec: Codec) -> None:
    its = looked[name]
    assert (its.trouble, its.skipped) == (None, [])
    assert len(its.greys) >= 10
    assert set(its.greys) <= thumbnails(film(codec, gop=10))


@of(PLAYED)
def test_a_recording_is_played_to_its_end_however_that_is_told(
    looked: dict[str, Looked], name: str, codec: Codec
) -> None:
    its = looked[name]
    assert (its.trouble, its.skipped, its.is_over) == (None, [], True)
    assert set(its.greys) <= thumbnails(film(codec, gop=10))
    first, last = its.captured_ms[0] - RECORDED_MS, its.captured_ms[-1] - RECORDED_MS
    assert its.captured_ms == sorted(set(its.captured_ms))
    assert (first, last) == (0, 3960)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-media", "no media within 12 s: the device was told to send to 127.0.0.1:"),
        ("sip-on-media-port", "which is for its media: set the platform's SIP port in the device"),
    ],
)
def test_why_no_picture_comes_is_said_in_words(looked: dict[str, Looked], name: str, said: str) -> None:
    its = looked[name]
    assert isinstance(its.trouble, NoPicture)
    assert said in str(its.trouble)
    assert not its.greys
